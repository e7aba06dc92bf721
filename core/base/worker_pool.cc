#include "core/base/worker_pool.h"

#include <utility>

#include "core/base/thread.h"

namespace runnel {
namespace {

// How often a worker without work looks again before it sleeps: the phases of a training step
// follow each other within microseconds, and waking a thread takes tens of microseconds.
constexpr int kLooksBeforeSleep = 200;

}  // namespace

WorkerPool::WorkerPool(int threads) {
  for (int i = 1; i < threads; ++i) {
    absl::StatusOr<std::thread> worker = StartThread([this] { WorkUntilStopped(); });
    if (!worker.ok()) {
      start_status_ = worker.status();
      return;
    }
    workers_.push_back(*std::move(worker));
  }
}

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Create(int threads) {
  auto pool = std::make_unique<WorkerPool>(threads);
  if (!pool->start_status_.ok()) return pool->start_status_;
  return pool;
}

WorkerPool::~WorkerPool() {
  {
    const MutexLock lock(&mutex_);
    stopped_ = true;
    ++call_;
  }
  changed_.NotifyAll();
  for (std::thread& worker : workers_) worker.join();
}

void WorkerPool::Run(int count, absl::FunctionRef<void(int)> task) {
  if (count <= 1 || workers_.empty()) {
    for (int i = 0; i < count; ++i) task(i);
    return;
  }
  {
    const MutexLock lock(&mutex_);
    task_ = &task;
    count_ = count;
    next_task_ = 0;
    workers_left_ = static_cast<int>(workers_.size());
    ++call_;
  }
  changed_.NotifyAll();
  std::exception_ptr failure = TakeTasks(task, count);
  MutexLock lock(&mutex_);
  while (workers_left_ != 0) changed_.Wait(&mutex_);
  if (failure == nullptr) failure = failure_;
  failure_ = nullptr;
  lock.Unlock();
  if (failure != nullptr) std::rethrow_exception(failure);
}

std::exception_ptr WorkerPool::TakeTasks(const absl::FunctionRef<void(int)>& task, int count) {
  std::exception_ptr failure;
  for (int i = next_task_++; i < count; i = next_task_++) {
    try {
      task(i);
    } catch (...) {
      failure = std::current_exception();
    }
  }
  return failure;
}

void WorkerPool::WorkUntilStopped() {
  PrepareThreadForMath();
  for (uint64_t seen = 0;;) {
    for (int look = 0; look < kLooksBeforeSleep && call_ == seen; ++look) std::this_thread::yield();
    MutexLock lock(&mutex_);
    while (call_ == seen) changed_.Wait(&mutex_);
    seen = call_;
    if (stopped_) return;
    const absl::FunctionRef<void(int)>& task = *task_;
    const int count = count_;
    lock.Unlock();
    const std::exception_ptr failure = TakeTasks(task, count);
    lock.Lock();
    if (failure != nullptr) failure_ = failure;
    if (--workers_left_ == 0) changed_.NotifyAll();
  }
}

}  // namespace runnel
