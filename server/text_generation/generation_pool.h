// The threads that write texts. Each has a scheduler, whose texts share the model's steps. A new
// text goes to the thread with the fewest texts, and a thread that has many more than another hands
// some over.
#ifndef RUNNEL_SERVER_TEXT_GENERATION_GENERATION_POOL_H_
#define RUNNEL_SERVER_TEXT_GENERATION_GENERATION_POOL_H_

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/generate/scheduler.h"
#include "server/base/admission.h"

namespace runnel::server {

class GenerationPool : public Admission {
 public:
  using Text = Scheduler::Text;

  // `active_max` bounds the texts under way.
  GenerationPool(int threads, int active_max);
  // Ends after the steps that are running. There should be no texts left.
  ~GenerationPool();
  GenerationPool(const GenerationPool&) = delete;
  GenerationPool& operator=(const GenerationPool&) = delete;

  // RESOURCE_EXHAUSTED if the system refused to start a thread; then no text may be scheduled.
  const absl::Status& start_status() const { return start_status_; }

  // Steps `text` until it leaves; after that, it may be scheduled again. Thread-safe.
  void Schedule(std::shared_ptr<Text> text);

 private:
  struct Worker {
    std::atomic<int> load = 0;  // the number of its texts, including those that arrive
    Mutex mutex;
    CondVar changed;
    std::vector<std::shared_ptr<Text>> arrivals RUNNEL_GUARDED_BY(mutex);
    bool stopped RUNNEL_GUARDED_BY(mutex) = false;
    Scheduler scheduler;  // only the thread uses it
    std::thread thread;
  };

  void Give(std::shared_ptr<Text> text, Worker* worker) RUNNEL_EXCLUDES(worker->mutex);
  Worker* LeastLoaded() const;
  void WorkUntilStopped(Worker* worker) RUNNEL_EXCLUDES(worker->mutex);
  // Gives a text away if another thread has far fewer.
  void Balance(Worker* worker);

  std::vector<std::unique_ptr<Worker>> workers_;
  absl::Status start_status_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TEXT_GENERATION_GENERATION_POOL_H_
