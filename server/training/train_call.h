// One Train call: checks the request and loads its corpus off gRPC's threads, submits the job
// and, if asked, waits for its end. The job does not depend on the call: it goes on when the
// caller is gone.
//
// Lifetime as in GenerateCharsCall.
#ifndef RUNNEL_SERVER_TRAINING_TRAIN_CALL_H_
#define RUNNEL_SERVER_TRAINING_TRAIN_CALL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runnel/v1/training.pb.h"
#include "server/engine.h"

namespace runnel::server {

class TrainCall : public grpc::ServerUnaryReactor, public std::enable_shared_from_this<TrainCall> {
 public:
  // The reactor for a call; it deletes itself. `context` and `response` must live until
  // Finish, as gRPC's do; `request`, which comes from TrainMessages, is freed once the
  // job is submitted.
  static TrainCall* Start(Engine* engine, grpc::CallbackServerContext* context,
                          const v1::TrainRequest* request, v1::TrainResponse* response);

  void OnCancel() override;
  void OnDone() override;

 private:
  TrainCall(Engine* engine, grpc::CallbackServerContext* context, const v1::TrainRequest* request,
            v1::TrainResponse* response)
      : engine_(*engine),
        context_(*context),
        request_(*request),
        response_(*response),
        wait_(request->wait()) {}

  void Submit();
  // The new job, or the one that the same request has already submitted.
  absl::StatusOr<std::shared_ptr<TrainingJob>> TrySubmit();
  void WaitFor(const std::shared_ptr<TrainingJob>& job);
  // Answers with the job if it has ended or nobody waits for that.
  void AnswerIfDue();
  void FinishOnce(const absl::Status& status);  // mutex_ held

  Engine& engine_;
  grpc::CallbackServerContext& context_;
  const v1::TrainRequest& request_;  // until the job is submitted
  v1::TrainResponse& response_;
  const bool wait_;
  std::shared_ptr<TrainCall> self_;  // until OnDone

  std::mutex mutex_;
  std::shared_ptr<TrainingJob> job_;  // once it is submitted
  std::unique_ptr<TrainingJob::Subscription> subscription_;
  bool cancelled_ = false;
  bool finished_ = false;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAIN_CALL_H_
