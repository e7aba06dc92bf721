// One training job: its state, its reports, and the calls that follow it. Thread-safe.
//
// States: QUEUED -> RUNNING -> SUCCEEDED, FAILED or CANCELLED; QUEUED -> CANCELLED.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_JOB_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_JOB_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/mutex.h"
#include "core/model/model_description.h"
#include "core/model/model_reference.h"
#include "core/train/training_options.h"
#include "runnel/v1/training.pb.h"
#include "server/training/corpus_loader.h"
#include "server/training/progress_history.h"

namespace runnel::server {

// The version with whose weights training begins, as it was when the job was submitted.
struct TrainingBase {
  ModelReference reference;  // names a version
  std::shared_ptr<const ModelDescription> description;
};

// What a job has to do. The corpus is large enough for the options.
struct TrainingSpec {
  std::string model;
  std::string request_id;  // may be empty
  NetworkConfig network;
  TrainingOptions options;
  int64_t parameter_count = 0;
  std::optional<TrainingBase> base;  // the corpus's vocabulary contains its characters
  std::shared_ptr<const LoadedCorpus> corpus;
};

bool HasEnded(v1::TrainingJobState state);

class TrainingJob : public std::enable_shared_from_this<TrainingJob> {
 public:
  // Calls its listener after each report and at the job's end. The calls end with this object, but
  // one may still be under way when it is destroyed. The listener runs on the training thread and
  // must not block.
  class Subscription {
   public:
    Subscription(std::shared_ptr<TrainingJob> job, uint64_t key)
        : job_(std::move(job)), key_(key) {}
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    const std::shared_ptr<TrainingJob> job_;
    const uint64_t key_;
  };

  enum class Next { kNothingYet, kReport, kEnd };

  // Newer jobs have larger numbers.
  TrainingJob(TrainingSpec spec, uint64_t number);

  const std::string& id() const { return id_; }
  uint64_t number() const { return number_; }
  const std::string& model() const { return model_; }
  const std::string& request_id() const { return request_id_; }
  v1::TrainingJob Snapshot() const;
  v1::TrainingJobState state() const;

  // Starts the job and returns what it has to do, or null if the job has been cancelled. The
  // training thread calls this, and then End when it has done the work.
  std::unique_ptr<const TrainingSpec> Begin();
  void Report(v1::TrainingProgress progress);
  void End(v1::TrainingJobState state, const std::string& error, int published_version);
  bool stop_requested() const { return stop_requested_; }
  // Waits until a stop is requested; returns false if that did not happen within `time`.
  bool WaitForStop(std::chrono::seconds time) const;
  // Whether the job, once stopped, publishes what it has learned.
  bool publish_when_stopped() const;
  // Why the job was stopped; empty if a client stopped it.
  std::string stop_reason() const;

  // Ends a queued job at once. A running one gives up the step that it is in and ends.
  // FAILED_PRECONDITION if the job has ended.
  absl::Status Cancel(bool publish);
  // Does the same because the server is shutting down; does nothing if the job has ended.
  void Stop(const std::string& reason);

  std::unique_ptr<Subscription> Subscribe(std::function<void()> listener);
  // Writes the first report from `*cursor` on and moves the cursor after it, or writes the ended
  // job if there is no such report.
  Next Read(uint64_t* cursor, v1::WatchTrainingJobResponse* response) const;
  // The cursor of the next report, which does not exist yet.
  uint64_t next_report() const;

  // Drops reports of a job that ended a while ago, to free memory.
  void ThinHistory(size_t reports);

 private:
  using Listeners = std::map<uint64_t, std::shared_ptr<const std::function<void()>>>;

  // Ends the job and returns the listeners, which the caller notifies without holding the mutex.
  Listeners EndLocked(v1::TrainingJobState state, const std::string& error) RUNNEL_REQUIRES(mutex_);
  static void Notify(const Listeners& listeners);

  const std::string id_;
  const std::string model_;
  const std::string request_id_;
  const uint64_t number_;
  std::atomic<bool> stop_requested_ = false;

  mutable Mutex mutex_;
  mutable CondVar stop_came_;
  // Null once the job has begun or ended.
  std::unique_ptr<TrainingSpec> spec_ RUNNEL_GUARDED_BY(mutex_);
  v1::TrainingJob job_ RUNNEL_GUARDED_BY(mutex_);
  ProgressHistory history_ RUNNEL_GUARDED_BY(mutex_);
  bool publish_when_stopped_ RUNNEL_GUARDED_BY(mutex_) = false;
  std::string stop_reason_ RUNNEL_GUARDED_BY(mutex_);
  Listeners listeners_ RUNNEL_GUARDED_BY(mutex_);
  uint64_t next_listener_ RUNNEL_GUARDED_BY(mutex_) = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_JOB_H_
