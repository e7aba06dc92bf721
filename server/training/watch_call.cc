#include "server/training/watch_call.h"

#include <utility>

#include "server/wire/error_mapping.h"

namespace runnel::server {

WatchCall* WatchCall::Start(const TrainingJobs& jobs, const v1::WatchTrainingJobRequest& request) {
  const std::shared_ptr<WatchCall> call(new WatchCall());
  call->self_ = call;
  const std::lock_guard lock(call->mutex_);
  const absl::Status status = call->Follow(jobs, request);
  if (status.ok()) {
    call->StartSendInitialMetadata();  // tells the caller that nothing that comes will be missed
    call->SendLocked();
  } else {
    call->finished_ = true;
    call->Finish(ToGrpcStatus(status));
  }
  return call.get();
}

absl::Status WatchCall::Follow(const TrainingJobs& jobs,
                               const v1::WatchTrainingJobRequest& request) {
  auto job = jobs.Find(request.id());
  if (!job.ok()) return job.status();
  job_ = *std::move(job);
  const std::weak_ptr<WatchCall> weak = shared_from_this();
  auto subscription = job_->Subscribe([weak] {
    if (const auto call = weak.lock()) call->Send();
  });
  if (!subscription.ok()) return subscription.status();
  subscription_ = *std::move(subscription);
  cursor_ = request.from_start() ? 0 : job_->next_report();
  return absl::OkStatus();
}

void WatchCall::Send() {
  const std::lock_guard lock(mutex_);
  SendLocked();
}

void WatchCall::SendLocked() {
  if (finished_ || write_in_flight_) return;
  if (cancelled_) {
    finished_ = true;
    Finish(grpc::Status::CANCELLED);
    return;
  }
  switch (job_->Read(&cursor_, &message_)) {
    case TrainingJob::Next::kNothingYet:
      return;
    case TrainingJob::Next::kReport:
      write_in_flight_ = true;
      StartWrite(&message_);
      return;
    case TrainingJob::Next::kEnd:
      finished_ = true;
      StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
  }
}

void WatchCall::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  write_in_flight_ = false;
  if (!ok) cancelled_ = true;
  SendLocked();
}

void WatchCall::OnCancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  SendLocked();
}

void WatchCall::OnDone() { const std::shared_ptr<WatchCall> self = std::move(self_); }

}  // namespace runnel::server
