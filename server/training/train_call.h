// One Train call: checks the request and loads its corpus off gRPC's threads, submits the job
// and, if asked, waits for its end. The job does not depend on the call: it continues when the
// caller is gone.
#ifndef RUNNEL_SERVER_TRAINING_TRAIN_CALL_H_
#define RUNNEL_SERVER_TRAINING_TRAIN_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runnel/v1/training.pb.h"
#include "server/base/fair_slots.h"
#include "server/base/self_owned_call.h"
#include "server/training/training_parts.h"

namespace runnel::server {

class TrainCall : public SelfOwnedCall<grpc::ServerUnaryReactor> {
 public:
  // The reactor for a call; it deletes itself. `context` and `response` must live until
  // Finish, as gRPC's do; `request`, which comes from TrainMessages, is freed once the
  // job is submitted.
  static TrainCall* Start(const TrainParts& parts, grpc::CallbackServerContext* context,
                          const v1::TrainRequest* request, v1::TrainResponse* response);

 private:
  TrainCall(const TrainParts& parts, grpc::CallbackServerContext* context,
            const v1::TrainRequest* request, v1::TrainResponse* response)
      : parts_(parts),
        context_(*context),
        request_(*request),
        response_(*response),
        wait_(request->wait()) {}

  // Queues the work.
  absl::Status Begin();
  void Submit();
  // The new job, or the one that the same request has already submitted.
  absl::StatusOr<std::shared_ptr<TrainingJob>> TrySubmit();
  void WaitFor(const std::shared_ptr<TrainingJob>& job);
  // Answers with the job if it has ended or nobody waits for that.
  void AnswerIfDue();
  void OnCancelled() override;

  const TrainParts parts_;
  grpc::CallbackServerContext& context_;
  const v1::TrainRequest& request_;  // until the job is submitted
  v1::TrainResponse& response_;
  const bool wait_;
  std::unique_ptr<FairSlots::Slot> slot_;  // if the call waits for the end of its job
  std::shared_ptr<TrainingJob> job_ RUNNEL_GUARDED_BY(mutex_);  // once it is submitted
  std::unique_ptr<TrainingJob::Subscription> subscription_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAIN_CALL_H_
