// The threads that read texts for Score and FillBlanks. A call's work is cut into slices of a few
// milliseconds; each slice queues the next, first in, first out: many texts are read side by side,
// none waits for another's end. Thread-safe.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_READING_POOL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_READING_POOL_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "server/base/executor.h"
#include "server/base/slots.h"

namespace runnel::server {

class ReadingPool {
 public:
  // How long a text is worked on before others have their turn.
  static constexpr std::chrono::milliseconds kSlice{2};

  // `active_max` bounds the texts under way.
  ReadingPool(int threads, int active_max);

  // RESOURCE_EXHAUSTED if the system refused to start a thread; then no slice may be scheduled.
  const absl::Status& start_status() const { return executor_.start_status(); }

  // Room for one text. RESOURCE_EXHAUSTED if that would be too many. The pool must outlive it.
  absl::StatusOr<std::unique_ptr<Slots::Slot>> Admit() { return slots_.Take(); }
  // Texts admitted.
  int active() const { return slots_.taken(); }

  // Queues a slice for an admitted text, which has no other queued or running beyond this call.
  void Schedule(std::function<void()> slice);

  // Asks all texts to end as soon as they can, those to come too.
  void StartDraining() { draining_ = true; }
  bool draining() const { return draining_; }

 private:
  Slots slots_;
  std::atomic<bool> draining_ = false;
  Executor executor_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_READING_POOL_H_
