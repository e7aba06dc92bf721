// The threads that read texts for Score and FillBlanks. A call's work is cut into slices of a few
// milliseconds; each slice queues the next, first in, first out: many texts are read side by side,
// none waits for another's end. Thread-safe.
#ifndef RUNNEL_SERVER_READING_POOL_H_
#define RUNNEL_SERVER_READING_POOL_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "server/executor.h"

namespace runnel::server {

class ReadingPool {
 public:
  // How long a text is worked on before others have their turn.
  static constexpr std::chrono::milliseconds kSlice{2};

  // Room for one text, given back when it is destroyed.
  class Admission {
   public:
    explicit Admission(ReadingPool* pool) : pool_(*pool) { ++pool_.active_; }
    ~Admission() { --pool_.active_; }
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

   private:
    ReadingPool& pool_;
  };

  // `active_max` bounds the texts under way.
  ReadingPool(int threads, int active_max)
      : active_max_(active_max), executor_(threads, active_max) {}

  // RESOURCE_EXHAUSTED if that would be too many texts. The pool must outlive the admission.
  absl::StatusOr<std::unique_ptr<Admission>> Admit();
  // Texts admitted.
  int active() const { return active_; }

  // Queues a slice for an admitted text, which has no other queued or running beyond this call.
  void Schedule(std::function<void()> slice);

  // Asks all texts to end as soon as they can, those to come too.
  void StartDraining() { draining_ = true; }
  bool draining() const { return draining_; }

 private:
  const int active_max_;
  std::atomic<int> active_ = 0;
  std::atomic<bool> draining_ = false;
  Executor executor_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_READING_POOL_H_
