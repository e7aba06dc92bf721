#include "server/training/upload_call.h"

#include <utility>

#include "server/base/unreadable_request.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {
UploadCall::UploadCall(Engine* engine, grpc::CallbackServerContext* context,
                       v1::UploadCorpusResponse* response)
    : engine_(*engine), context_(*context), response_(*response) {
  const std::lock_guard lock(mutex_);
  const absl::Status status = TryBegin();
  if (status.ok()) {
    ReadNext();
  } else {
    Refuse(status);
  }
}

absl::Status UploadCall::TryBegin() {
  if (absl::Status status = engine_.upload_calls.Add(&context_); !status.ok()) return status;
  auto upload = engine_.uploads->Begin();
  if (!upload.ok()) return upload.status();
  upload_ = *std::move(upload);
  return absl::OkStatus();
}

void UploadCall::ReadNext() {
  MarkAsUnread(&message_);
  StartRead(&message_);
}

void UploadCall::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  const absl::Status status = engine_.upload_work.Submit([this, ok] {
    const std::lock_guard task_lock(mutex_);
    if (ok) {
      Append();
    } else {
      Commit();
    }
  });
  if (!status.ok()) Refuse(status);
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
    return Finish(ToGrpcStatus(UnreadableRequest()));
  }
  const absl::StatusOr<std::string> id = upload_->Commit();
  if (!id.ok()) return Refuse(id.status());
  committed_id_ = *id;
  response_.set_corpus_id(*id);
  response_.set_chars(upload_->chars());
  Finish(grpc::Status::OK);
}

void UploadCall::Refuse(const absl::Status& status) {
  upload_.reset();
  Finish(ToGrpcStatus(AtField("chunk", status)));
}

void UploadCall::OnDone() {
  engine_.upload_calls.Remove(&context_);
  bool unknown = false;
  {
    const std::lock_guard lock(mutex_);
    // The stream may have broken just when it seemed to end: then nobody knows the id, and the text
    // may be a part only.
    unknown = !committed_id_.empty() && context_.IsCancelled();
  }
  if (unknown) {
    const absl::Status status = engine_.upload_work.Submit([this] {
      engine_.uploads->Remove(committed_id_);
      delete this;
    });
    if (status.ok()) return;
  }
  delete this;
}

}  // namespace runnel::server
