// A few threads for work that may block (files, large requests), so that gRPC's own
// threads never wait.
#ifndef RUNNEL_SERVER_BASE_EXECUTOR_H_
#define RUNNEL_SERVER_BASE_EXECUTOR_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"

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
  absl::Status Submit(std::function<void()> task);

 private:
  void WorkUntilStopped();

  const size_t queued_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
  absl::Status start_status_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_EXECUTOR_H_
