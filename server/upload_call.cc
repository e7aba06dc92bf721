#include "server/upload_call.h"

#include <utility>

#include "server/error_mapping.h"

namespace runnel::server {

UploadCall::UploadCall(Engine* engine, grpc::CallbackServerContext* context,
                       v1::UploadCorpusResponse* response)
    : engine_(*engine), context_(*context), response_(*response) {
  Queue(&UploadCall::Begin);
}

void UploadCall::Queue(void (UploadCall::*step)()) {
  const absl::Status status = engine_.corpus_work.Submit([this, step] { (this->*step)(); });
  if (!status.ok()) Refuse(status);
}

void UploadCall::Begin() {
  auto upload = engine_.uploads->Begin();
  if (!upload.ok()) return Refuse(upload.status());
  upload_ = *std::move(upload);
  StartRead(&message_);
}

void UploadCall::OnReadDone(bool ok) { Queue(ok ? &UploadCall::Append : &UploadCall::Commit); }

void UploadCall::Append() {
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    status = upload_->Append(message_.chunk());
  }
  if (!status.ok()) return Refuse(status);
  StartRead(&message_);
}

void UploadCall::Commit() {
  if (context_.IsCancelled()) return Refuse(absl::CancelledError("the upload was broken off"));
  absl::StatusOr<std::string> id;
  {
    const std::lock_guard lock(mutex_);
    id = upload_->Commit();
  }
  if (!id.ok()) return Refuse(id.status());
  response_.set_corpus_id(*id);
  response_.set_chars(upload_->chars());
  committed_id_ = *std::move(id);
  upload_.reset();
  Finish(grpc::Status::OK);
}

void UploadCall::Refuse(const absl::Status& status) {
  upload_.reset();
  Finish(ToGrpcStatus(status, "chunk"));
}

void UploadCall::OnDone() {
  // The stream may have broken just when it seemed to end: then nobody knows the id, and the text
  // may be a part only.
  if (!committed_id_.empty() && context_.IsCancelled()) engine_.uploads->Remove(committed_id_);
  delete this;
}

}  // namespace runnel::server
