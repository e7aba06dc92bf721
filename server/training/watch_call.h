// One WatchTrainingJob call: sends a job's reports one by one, then the ended job.
#ifndef RUNNEL_SERVER_TRAINING_WATCH_CALL_H_
#define RUNNEL_SERVER_TRAINING_WATCH_CALL_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "runnel/v1/training.pb.h"
#include "server/base/fair_slots.h"
#include "server/base/self_owned_call.h"
#include "server/training/training_jobs.h"
#include "server/training/training_parts.h"

namespace runnel::server {

class WatchCall : public SelfOwnedCall<grpc::ServerWriteReactor<v1::WatchTrainingJobResponse>> {
 public:
  // The reactor for a call; it deletes itself.
  static WatchCall* Start(const TrainingJobParts& parts, const grpc::CallbackServerContext& context,
                          const v1::WatchTrainingJobRequest& request);

  void OnWriteDone(bool ok) override;

 private:
  WatchCall() = default;

  void Begin(const TrainingJobParts& parts, const std::string& peer,
             const v1::WatchTrainingJobRequest& request);
  absl::Status Follow(const TrainingJobParts& parts, const std::string& peer,
                      const v1::WatchTrainingJobRequest& request) RUNNEL_REQUIRES(mutex_);
  // Sends the next report, if there is one and no write is in flight.
  void Send();
  void SendLocked() RUNNEL_REQUIRES(mutex_);
  void OnCancelled() override { Send(); }

  std::unique_ptr<FairSlots::Slot> slot_ RUNNEL_GUARDED_BY(mutex_);
  std::shared_ptr<TrainingJob> job_ RUNNEL_GUARDED_BY(mutex_);
  std::unique_ptr<TrainingJob::Subscription> subscription_ RUNNEL_GUARDED_BY(mutex_);
  uint64_t cursor_ RUNNEL_GUARDED_BY(mutex_) = 0;
  bool write_in_flight_ RUNNEL_GUARDED_BY(mutex_) = false;
  v1::WatchTrainingJobResponse message_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_WATCH_CALL_H_
