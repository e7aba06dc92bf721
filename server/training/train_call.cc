#include "server/training/train_call.h"

#include <utility>

#include "server/training/training_spec.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

TrainCall* TrainCall::Start(const TrainParts& parts, grpc::CallbackServerContext* context,
                            const v1::TrainRequest* request, v1::TrainResponse* response) {
  const std::shared_ptr<TrainCall> call(new TrainCall(parts, context, request, response));
  call->OwnItself();
  const absl::Status status = call->Begin();
  if (!status.ok()) call->End(status);
  return call.get();
}

absl::Status TrainCall::Begin() {
  if (wait_) {
    auto slot = parts_.followers.Take(context_.peer());
    if (!slot.ok()) return slot.status();
    slot_ = *std::move(slot);
  }
  return parts_.requests.Submit(request_, [self = SharedAs<TrainCall>()] { self->Submit(); });
}

void TrainCall::Submit() {
  const absl::StatusOr<std::shared_ptr<TrainingJob>> job = TrySubmit();
  context_.GetRpcAllocatorState()->FreeRequest();
  if (job.ok()) return WaitFor(*job);
  End(job.status());
}

absl::StatusOr<std::shared_ptr<TrainingJob>> TrainCall::TrySubmit() {
  auto known = parts_.jobs.FindRequest(request_.request_id(), request_.model());
  if (!known.ok()) return AtField("request_id", known.status());
  if (*known != nullptr) return known;

  // Refuses the call before it loads a corpus for nothing.
  if (absl::Status room = parts_.jobs.CheckRoom(); !room.ok()) return room;
  absl::StatusOr<TrainingSpec> spec = MakeTrainingSpec(request_, parts_.spec_sources);
  if (!spec.ok()) return spec.status();
  return parts_.jobs.Submit(*std::move(spec));
}

void TrainCall::WaitFor(const std::shared_ptr<TrainingJob>& job) {
  MutexLock lock(&mutex_);
  job_ = job;
  if (cancelled()) return FinishOnce(absl::CancelledError(""));
  if (wait_) {
    const std::weak_ptr<TrainCall> weak = SharedAs<TrainCall>();
    subscription_ = job->Subscribe([weak] {
      if (const auto call = weak.lock()) call->AnswerIfDue();
    });
  }
  lock.Unlock();
  AnswerIfDue();  // the job may have ended before anyone listened
}

void TrainCall::AnswerIfDue() {
  const MutexLock lock(&mutex_);
  if (finished()) return;
  if (wait_ && !HasEnded(job_->state())) return;
  *response_.mutable_job() = job_->Snapshot();
  FinishOnce(absl::OkStatus());
}

void TrainCall::OnCancelled() {
  const MutexLock lock(&mutex_);
  // Before the job is submitted, Submit continues and finishes the call.
  if (job_ != nullptr) FinishOnce(absl::CancelledError(""));
}

}  // namespace runnel::server
