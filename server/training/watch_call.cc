#include "server/training/watch_call.h"

#include <utility>

#include "server/base/finished_call.h"

namespace runnel::server {

WatchCall* WatchCall::Start(const TrainingJobParts& parts,
                            const grpc::CallbackServerContext& context,
                            const v1::WatchTrainingJobRequest& request) {
  const std::shared_ptr<WatchCall> call(new WatchCall());
  call->OwnItself();
  call->Begin(parts, context.peer(), request);
  return call.get();
}

void WatchCall::Begin(const TrainingJobParts& parts, const std::string& peer,
                      const v1::WatchTrainingJobRequest& request) {
  const MutexLock lock(&mutex_);
  const absl::Status status = Follow(parts, peer, request);
  if (!status.ok()) return FinishOnce(status);
  StartSendInitialMetadata();  // tells the caller that no later report will be missed
  SendLocked();
}

absl::Status WatchCall::Follow(const TrainingJobParts& parts, const std::string& peer,
                               const v1::WatchTrainingJobRequest& request) {
  if (absl::Status small = CheckSmall(request); !small.ok()) return small;
  auto job = parts.jobs.Find(request.id());
  if (!job.ok()) return job.status();
  auto slot = parts.followers.Take(peer);
  if (!slot.ok()) return slot.status();
  slot_ = *std::move(slot);
  job_ = *std::move(job);
  const std::weak_ptr<WatchCall> weak = SharedAs<WatchCall>();
  subscription_ = job_->Subscribe([weak] {
    if (const auto call = weak.lock()) call->Send();
  });
  cursor_ = request.from_start() ? 0 : job_->next_report();
  return absl::OkStatus();
}

void WatchCall::Send() {
  const MutexLock lock(&mutex_);
  SendLocked();
}

void WatchCall::SendLocked() {
  if (finished() || write_in_flight_) return;
  if (cancelled()) return FinishOnce(absl::CancelledError(""));
  switch (job_->Read(&cursor_, &message_)) {
    case TrainingJob::Next::kNothingYet:
      return;
    case TrainingJob::Next::kReport:
      write_in_flight_ = true;
      StartWrite(&message_);
      return;
    case TrainingJob::Next::kEnd:
      WriteAndFinishOnce(&message_);
  }
}

void WatchCall::OnWriteDone(bool ok) {
  const MutexLock lock(&mutex_);
  write_in_flight_ = false;
  if (!ok) SetCancelled();
  SendLocked();
}

}  // namespace runnel::server
