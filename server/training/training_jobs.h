// The training jobs of a server: a bounded queue of waiting jobs, the one job that is training, and
// the jobs that ended lately. Thread-safe.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_JOBS_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_JOBS_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/model/model_store.h"
#include "server/training/training_job.h"

namespace runnel::server {

class TrainingJobs {
 public:
  static constexpr size_t kEndedMax = 1000;     // ended jobs that can still be found
  static constexpr size_t kEndedWholeMax = 20;  // the latest of these, which keep all their reports
  static constexpr size_t kReportsWhenOld = 100;  // reports that each older job keeps
  static constexpr size_t kRequestIdCharsMax = 128;

  struct Filter {
    std::string model;  // any if empty
    v1::TrainingJobState state = v1::TRAINING_JOB_STATE_UNSPECIFIED;
  };
  struct Page {
    std::vector<std::shared_ptr<TrainingJob>> jobs;  // newest first
    std::string next_page_token;                     // empty on the last page
  };

  struct Limits {
    int threads = 1;          // of the running job
    int queued_max = 0;       // jobs that wait while one trains
    int job_seconds_max = 0;  // of one job's training; 0: no limit
  };

  // `models` must outlive this.
  TrainingJobs(ModelStore* models, const Limits& limits);
  // Calls Stop.
  ~TrainingJobs();

  // RESOURCE_EXHAUSTED if the system refused to start the thread; then no job may be submitted.
  const absl::Status& start_status() const { return start_status_; }

  // Returns the job that was submitted with this request id, or null if there is none or the id is
  // empty. ALREADY_EXISTS if that job is for another model.
  absl::StatusOr<std::shared_ptr<TrainingJob>> FindRequest(const std::string& request_id,
                                                           const std::string& model) const;
  // Returns the error with which Submit would refuse a job at the moment.
  absl::Status CheckRoom() const;
  // Queues a job. If the request id is known, returns that job instead, with FindRequest's errors.
  // RESOURCE_EXHAUSTED if the queue is full, UNAVAILABLE after Stop.
  absl::StatusOr<std::shared_ptr<TrainingJob>> Submit(TrainingSpec spec);

  // NOT_FOUND if no job has that id, or the job ended long ago.
  absl::StatusOr<std::shared_ptr<TrainingJob>> Find(const std::string& id) const;
  // INVALID_ARGUMENT if `page_token` is not empty and did not come from a Page.
  absl::StatusOr<Page> List(const Filter& filter, int page_size,
                            const std::string& page_token) const;
  // Cancels as TrainingJob::Cancel does. NOT_FOUND as in Find.
  absl::StatusOr<std::shared_ptr<TrainingJob>> Cancel(const std::string& id, bool publish);

  // Ends all jobs as CANCELLED and returns when the running one has ended, which gives up the step
  // that it is in.
  void Stop();

 private:
  void TrainUntilStopped();
  absl::StatusOr<std::shared_ptr<TrainingJob>> FindRequestLocked(const std::string& request_id,
                                                                 const std::string& model) const
      RUNNEL_REQUIRES(mutex_);
  absl::Status CheckRoomLocked() const RUNNEL_REQUIRES(mutex_);
  void ForgetOldJobs() RUNNEL_REQUIRES(mutex_);

  ModelStore& models_;
  const Limits limits_;
  mutable Mutex mutex_;
  CondVar changed_;
  // By number, so the oldest is first.
  std::map<uint64_t, std::shared_ptr<TrainingJob>> jobs_ RUNNEL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<TrainingJob>> by_id_ RUNNEL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<TrainingJob>> by_request_id_ RUNNEL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<TrainingJob>> queue_ RUNNEL_GUARDED_BY(mutex_);
  std::shared_ptr<TrainingJob> running_ RUNNEL_GUARDED_BY(mutex_);
  uint64_t next_number_ RUNNEL_GUARDED_BY(mutex_) = 1;
  bool stopped_ RUNNEL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
  absl::Status start_status_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_JOBS_H_
