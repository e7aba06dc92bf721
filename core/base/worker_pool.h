// A fixed set of threads that run the numbered tasks of one call together.
//
// A task's result must depend only on its number; then results are the same for any number of
// threads.
#ifndef RUNNEL_CORE_BASE_WORKER_POOL_H_
#define RUNNEL_CORE_BASE_WORKER_POOL_H_

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"

namespace runnel {

class WorkerPool {
 public:
  // A pool of exactly `threads`. RESOURCE_EXHAUSTED if the system refuses to start one of them.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Create(int threads);

  // `threads` >= 1 counts the calling thread; a pool of 1 starts none. If the system refuses to
  // start a thread, the pool works with those that it has.
  explicit WorkerPool(int threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Runs task(0) ... task(count - 1), each once, and returns when all are done. The calling thread
  // runs tasks too. Only one thread may call this at a time. If a task throws (std::bad_alloc), on
  // whichever thread, the caller gets the exception when no task is running any more; some tasks
  // may not have been run then.
  void Run(int count, absl::FunctionRef<void(int)> task) RUNNEL_EXCLUDES(mutex_);

 private:
  void WorkUntilStopped() RUNNEL_EXCLUDES(mutex_);
  // Returns what a task threw, or null.
  std::exception_ptr TakeTasks(const absl::FunctionRef<void(int)>& task, int count);

  Mutex mutex_;
  CondVar changed_;
  // The task of the current call.
  const absl::FunctionRef<void(int)>* task_ RUNNEL_GUARDED_BY(mutex_) = nullptr;
  int count_ RUNNEL_GUARDED_BY(mutex_) = 0;
  // Thrown by a worker's task in the current call.
  std::exception_ptr failure_ RUNNEL_GUARDED_BY(mutex_);
  // Workers that have not finished the current call.
  int workers_left_ RUNNEL_GUARDED_BY(mutex_) = 0;
  bool stopped_ RUNNEL_GUARDED_BY(mutex_) = false;
  std::atomic<uint64_t> call_ = 0;  // the number of the current call; written under mutex_
  std::atomic<int> next_task_ = 0;
  std::vector<std::thread> workers_;
  absl::Status start_status_;  // why a worker is missing
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_WORKER_POOL_H_
