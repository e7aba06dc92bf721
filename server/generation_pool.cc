#include "server/generation_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/math/gemm.h"

namespace runnel::server {

GenerationPool::GenerationPool(int threads, int active_max) : active_max_(active_max) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { WorkUntilStopped(); });
}

GenerationPool::~GenerationPool() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::StatusOr<std::unique_ptr<GenerationPool::Admission>> GenerationPool::Admit(int texts) {
  auto admission = std::make_unique<Admission>(this, texts);
  if ((active_ += texts) <= active_max_) return admission;
  return absl::ResourceExhaustedError(absl::StrCat("this server writes at most ", active_max_,
                                                   " texts at a time; try again later"));
}

void GenerationPool::Schedule(std::shared_ptr<Task> task) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void GenerationPool::WorkUntilStopped() {
  PrepareThreadForMath();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return;
    std::shared_ptr<Task> task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const bool more = task->RunSlice();
    if (!more) task.reset();  // its end may take other locks
    lock.lock();
    // A thread is awake already: this one.
    if (more) queue_.push_back(std::move(task));
  }
}

}  // namespace runnel::server
