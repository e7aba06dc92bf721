// One WatchTrainingJob call: sends a job's reports one by one, then the ended job.
//
// Lifetime as in GenerateCharsCall.
#ifndef RUNNEL_SERVER_TRAINING_WATCH_CALL_H_
#define RUNNEL_SERVER_TRAINING_WATCH_CALL_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include "runnel/v1/training.pb.h"
#include "server/training/training_jobs.h"

namespace runnel::server {

class WatchCall : public grpc::ServerWriteReactor<v1::WatchTrainingJobResponse>,
                  public std::enable_shared_from_this<WatchCall> {
 public:
  // The reactor for a call; it deletes itself.
  static WatchCall* Start(const TrainingJobs& jobs, const v1::WatchTrainingJobRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  WatchCall() = default;

  absl::Status Follow(const TrainingJobs& jobs, const v1::WatchTrainingJobRequest& request);
  void Send();
  void SendLocked();

  std::shared_ptr<WatchCall> self_;  // until OnDone

  std::mutex mutex_;
  std::shared_ptr<TrainingJob> job_;
  std::unique_ptr<TrainingJob::Subscription> subscription_;
  uint64_t cursor_ = 0;
  bool write_in_flight_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
  v1::WatchTrainingJobResponse message_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_WATCH_CALL_H_
