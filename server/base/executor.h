// A few threads for work that may block (files, large requests), so that gRPC's own
// threads never wait.
#ifndef RUNNEL_SERVER_BASE_EXECUTOR_H_
#define RUNNEL_SERVER_BASE_EXECUTOR_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"

namespace runnel::server {

class Executor {
 public:
  // At most `queued_max` tasks wait.
  Executor(int threads, size_t queued_max);
  // Runs the tasks that are queued, then returns.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // RESOURCE_EXHAUSTED if the system refused to start a thread; then no task may be submitted.
  const absl::Status& start_status() const { return start_status_; }

  // RESOURCE_EXHAUSTED, and the task is dropped, if too many others wait. Thread-safe.
  absl::Status Submit(std::function<void()> task) RUNNEL_EXCLUDES(mutex_);

 private:
  void WorkUntilStopped() RUNNEL_EXCLUDES(mutex_);

  const size_t queued_max_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ RUNNEL_GUARDED_BY(mutex_);
  bool stopped_ RUNNEL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
  absl::Status start_status_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_EXECUTOR_H_
