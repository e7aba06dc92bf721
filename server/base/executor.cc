#include "server/base/executor.h"

#include <utility>

#include "absl/status/statusor.h"
#include "core/base/thread.h"

namespace runnel::server {

Executor::Executor(int threads, size_t queued_max) : queued_max_(queued_max) {
  for (int i = 0; i < threads && start_status_.ok(); ++i) {
    absl::StatusOr<std::thread> thread = StartThread([this] { WorkUntilStopped(); });
    start_status_ = thread.status();
    if (start_status_.ok()) threads_.push_back(*std::move(thread));
  }
}

Executor::~Executor() {
  {
    const MutexLock lock(&mutex_);
    stopped_ = true;
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status Executor::Submit(std::function<void()> task) {
  {
    const MutexLock lock(&mutex_);
    if (queue_.size() >= queued_max_) {
      return absl::ResourceExhaustedError("too many requests are waiting; try again later");
    }
    queue_.push_back(std::move(task));
  }
  changed_.NotifyOne();
  return absl::OkStatus();
}

void Executor::WorkUntilStopped() {
  while (true) {
    std::function<void()> task;
    {
      const MutexLock lock(&mutex_);
      while (!stopped_ && queue_.empty()) changed_.Wait(&mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace runnel::server
