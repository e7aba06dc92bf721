// The threads that write texts. Each takes a task off a first-in-first-out queue, runs one slice of
// it and, if there is more to do, puts it at the end of the queue: many texts grow side by side,
// none waits for another's end.
#ifndef RUNNEL_SERVER_GENERATION_POOL_H_
#define RUNNEL_SERVER_GENERATION_POOL_H_

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

namespace runnel::server {

class GenerationPool {
 public:
  class Task {
   public:
    virtual ~Task() = default;
    // Works for a few milliseconds. True: there is more to do now. Never called from two threads at
    // a time, as long as it is scheduled only when it is neither queued nor running.
    virtual bool RunSlice() = 0;
  };

  // Room for a number of texts, given back when it is destroyed.
  class Admission {
   public:
    Admission(GenerationPool* pool, int texts) : pool_(*pool), texts_(texts) {}
    ~Admission() { pool_.active_ -= texts_; }
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

   private:
    GenerationPool& pool_;
    const int texts_;
  };

  // `active_max` bounds the texts under way.
  GenerationPool(int threads, int active_max);
  // Ends after the slices that are running; there should be no tasks left.
  ~GenerationPool();
  GenerationPool(const GenerationPool&) = delete;
  GenerationPool& operator=(const GenerationPool&) = delete;

  // RESOURCE_EXHAUSTED if that would be too many texts. The pool must outlive
  // the admission. Thread-safe.
  absl::StatusOr<std::unique_ptr<Admission>> Admit(int texts);
  // Texts admitted. Thread-safe.
  int active() const { return active_; }

  // Thread-safe.
  void Schedule(std::shared_ptr<Task> task);

  // Asks all tasks to end as soon as they can, those to come too. Thread-safe.
  void StartDraining() { draining_ = true; }
  bool draining() const { return draining_; }

 private:
  void WorkUntilStopped();

  const int active_max_;
  std::atomic<int> active_ = 0;
  std::atomic<bool> draining_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Task>> queue_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_GENERATION_POOL_H_
