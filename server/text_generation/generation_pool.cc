#include "server/text_generation/generation_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/thread.h"

namespace runnel::server {

GenerationPool::GenerationPool(int threads, int active_max)
    : Admission(active_max,
                absl::StrCat("this server writes at most ", active_max, " texts at a time")) {
  for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
  for (const auto& worker : workers_) {
    absl::StatusOr<std::thread> thread =
        StartThread([this, w = worker.get()] { WorkUntilStopped(w); });
    if (!thread.ok()) {
      start_status_ = thread.status();
      return;
    }
    worker->thread = *std::move(thread);
  }
}

GenerationPool::~GenerationPool() {
  for (const auto& worker : workers_) {
    {
      const MutexLock lock(&worker->mutex);
      worker->stopped = true;
    }
    worker->changed.NotifyOne();
  }
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void GenerationPool::Schedule(std::shared_ptr<Text> text) { Give(std::move(text), LeastLoaded()); }

void GenerationPool::Give(std::shared_ptr<Text> text, Worker* worker) {
  ++worker->load;
  {
    const MutexLock lock(&worker->mutex);
    worker->arrivals.push_back(std::move(text));
  }
  worker->changed.NotifyOne();
}

GenerationPool::Worker* GenerationPool::LeastLoaded() const {
  const auto least =
      std::min_element(workers_.begin(), workers_.end(),
                       [](const auto& a, const auto& b) { return a->load < b->load; });
  return least->get();
}

void GenerationPool::WorkUntilStopped(Worker* worker) {
  PrepareThreadForMath();
  Scheduler& scheduler = worker->scheduler;
  std::vector<std::shared_ptr<Text>> arrivals;
  while (true) {
    {
      const MutexLock lock(&worker->mutex);
      while (!worker->stopped && scheduler.size() == 0 && worker->arrivals.empty()) {
        worker->changed.Wait(&worker->mutex);
      }
      if (worker->stopped) return;
      arrivals.swap(worker->arrivals);
    }
    for (auto& text : arrivals) scheduler.Add(std::move(text));
    arrivals.clear();
    worker->load -= scheduler.Step();
    Balance(worker);
  }
}

void GenerationPool::Balance(Worker* worker) {
  if (workers_.size() == 1) return;
  // A text moves only if this thread has at least one text and an eighth of its load more than the
  // least loaded one; for less, the move costs more than it brings.
  constexpr int kPart = 8;
  Worker* least = LeastLoaded();
  const int load = worker->load;
  if (load <= least->load + 1 + load / kPart) return;
  std::shared_ptr<Text> text = worker->scheduler.Take();
  if (text == nullptr) return;
  --worker->load;
  Give(std::move(text), least);
}

}  // namespace runnel::server
