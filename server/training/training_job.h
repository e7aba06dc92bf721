// One training job: its state, its reports, and who follows it. Thread-safe.
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

#include "core/base/mutex.h"
#include "core/model/model_description.h"
#include "core/model/model_reference.h"
#include "core/train/training_options.h"
#include "runnel/v1/training.pb.h"
#include "server/training/corpus_loader.h"
#include "server/training/progress_history.h"

namespace runnel::server {

// A version whose weights training begins with, as it was when the job was submitted.
struct TrainingBase {
  ModelReference reference;  // with a version
  std::shared_ptr<const ModelDescription> description;
};

// What a job is to do. The corpus fits the options.
struct TrainingSpec {
  std::string model;
  std::string request_id;  // may be empty
  NetworkConfig network;
  TrainingOptions options;
  int64_t parameter_count = 0;
  std::optional<TrainingBase> base;  // its characters are among the corpus's
  std::shared_ptr<const LoadedCorpus> corpus;
};

bool HasEnded(v1::TrainingJobState state);

class TrainingJob : public std::enable_shared_from_this<TrainingJob> {
 public:
  // Calls its listener after each report and at the end, until it is destroyed; a call may still be
  // under way then. The listener runs on the training thread and must not block.
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

  // `number` orders jobs: newer ones have larger numbers.
  TrainingJob(TrainingSpec spec, uint64_t number);

  const std::string& id() const { return id_; }
  uint64_t number() const { return number_; }
  const std::string& model() const { return model_; }
  const std::string& request_id() const { return request_id_; }
  v1::TrainingJob Snapshot() const;
  v1::TrainingJobState state() const;

  // For the training thread: what to do; null if the job has been cancelled meanwhile. Call End
  // when it is done.
  std::unique_ptr<const TrainingSpec> Begin();
  void Report(v1::TrainingProgress progress);
  void End(v1::TrainingJobState state, const std::string& error, int published_version);
  bool stop_requested() const { return stop_requested_; }
  // Waits for a stop; false if there was none within `time`.
  bool WaitForStop(std::chrono::seconds time) const;
  // Whether a stopped job publishes what it has, and why it was stopped if not by a client.
  bool publish_when_stopped() const;
  std::string stop_reason() const;

  // A queued job ends at once, a running one after its step. FAILED_PRECONDITION if it has ended.
  absl::Status Cancel(bool publish);
  // Likewise, unless it has ended, because the server shuts down.
  void Stop(const std::string& reason);

  // RESOURCE_EXHAUSTED if too many follow the job.
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(std::function<void()> listener);
  // The first report from `*cursor` on, which moves behind it; or the ended job.
  Next Read(uint64_t* cursor, v1::WatchTrainingJobResponse* response) const;
  // The cursor of reports to come.
  uint64_t next_report() const;

  // Frees memory of a job that ended a while ago.
  void ThinHistory(size_t reports);

 private:
  using Listeners = std::map<uint64_t, std::shared_ptr<const std::function<void()>>>;

  static constexpr size_t kListenersMax = 1000;

  // Ends the job; returns whom to tell once mutex_ is free.
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
