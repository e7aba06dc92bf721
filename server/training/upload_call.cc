#include "server/training/upload_call.h"

#include <utility>

#include "server/base/log.h"
#include "server/base/unreadable_request.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

UploadCall* UploadCall::Start(const TrainingJobParts& parts, grpc::CallbackServerContext* context,
                              v1::UploadCorpusResponse* response) {
  const std::shared_ptr<UploadCall> call(new UploadCall(parts, context, response));
  call->OwnItself();
  call->Begin();
  return call.get();
}

void UploadCall::Begin() {
  const MutexLock lock(&mutex_);
  const absl::Status status = TryBegin();
  if (status.ok()) {
    ReadNext();
  } else {
    Refuse(status);
  }
}

absl::Status UploadCall::TryBegin() {
  if (absl::Status status = parts_.incoming_calls.Add(&context_); !status.ok()) return status;
  auto upload = parts_.uploads.Begin(context_.peer());
  if (!upload.ok()) return upload.status();
  upload_ = *std::move(upload);
  return absl::OkStatus();
}

void UploadCall::ReadNext() {
  v1::UploadCorpusRequest().Swap(&message_);  // frees the last one
  MarkAsUnread(&message_);
  StartRead(&message_);
}

void UploadCall::OnReadDone(bool ok) {
  const MutexLock lock(&mutex_);
  const absl::Status status =
      parts_.uploaded.Submit(message_, [self = SharedAs<UploadCall>(), ok] { self->TakeRead(ok); });
  if (!status.ok()) Refuse(status);
}

void UploadCall::TakeRead(bool ok) {
  const MutexLock lock(&mutex_);
  if (ok) {
    Append();
  } else {
    Commit();
  }
}

void UploadCall::Append() {
  const absl::Status status = upload_->Append(message_.chunk());
  if (!status.ok()) return Refuse(status);
  ReadNext();
}

void UploadCall::Commit() {
  if (context_.IsCancelled()) return Refuse(absl::CancelledError("the upload was broken off"));
  if (!IsMarkedAsUnread(message_)) {
    upload_.reset();
    return FinishOnce(UnreadableRequest());
  }
  const absl::StatusOr<std::string> id = upload_->Commit();
  if (!id.ok()) return Refuse(id.status());
  committed_id_ = *id;
  response_.set_corpus_id(*id);
  response_.set_chars(upload_->chars());
  FinishOnce(absl::OkStatus());
}

void UploadCall::Refuse(const absl::Status& status) {
  upload_.reset();
  FinishOnce(AtField("chunk", status));
}

void UploadCall::OnEnd() {
  parts_.incoming_calls.Remove(&context_);
  const MutexLock lock(&mutex_);
  // The stream may have broken just when it seemed to end: then nobody knows the id, and the text
  // may be incomplete.
  if (committed_id_.empty() || !context_.IsCancelled()) return;
  const absl::Status status =
      parts_.upload_work.Submit([self = SharedAs<UploadCall>()] { self->Withdraw(); });
  if (!status.ok()) Log(LogLevel::kError, status.message());
}

void UploadCall::Withdraw() {
  const MutexLock lock(&mutex_);
  parts_.uploads.Remove(committed_id_);
}

}  // namespace runnel::server
