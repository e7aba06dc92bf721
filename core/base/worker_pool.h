// A fixed set of threads that run the numbered tasks of one call together.
//
// What a task computes must depend on its number alone; then results are the same for any number of
// threads.
#ifndef RUNNEL_CORE_BASE_WORKER_POOL_H_
#define RUNNEL_CORE_BASE_WORKER_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace runnel {

class WorkerPool {
 public:
  // `threads` >= 1 counts the calling thread; a pool of 1 starts none.
  explicit WorkerPool(int threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Runs task(0) ... task(count - 1), each once, and returns when all are done. The caller works
  // too. One call at a time, from one thread.
  void Run(int count, absl::FunctionRef<void(int)> task);

 private:
  void WorkUntilStopped();
  void TakeTasks(const absl::FunctionRef<void(int)>& task, int count);

  std::mutex mutex_;
  std::condition_variable changed_;
  const absl::FunctionRef<void(int)>* task_ = nullptr;  // of the call under way
  int count_ = 0;
  int workers_left_ = 0;  // that have not finished the call under way
  bool stopped_ = false;
  std::atomic<uint64_t> call_ = 0;  // numbers the calls; written under mutex_
  std::atomic<int> next_task_ = 0;
  std::vector<std::thread> workers_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_WORKER_POOL_H_
