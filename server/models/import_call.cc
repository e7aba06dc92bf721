#include "server/models/import_call.h"

#include <utility>

#include "server/base/log.h"
#include "server/base/unreadable_request.h"
#include "server/wire/error_mapping.h"
#include "server/wire/model_convert.h"

namespace runnel::server {

ImportCall* ImportCall::Start(const ModelParts& parts, grpc::CallbackServerContext* context,
                              v1::ImportModelResponse* response) {
  const std::shared_ptr<ImportCall> call(new ImportCall(parts, context, response));
  call->OwnItself();
  call->Begin();
  return call.get();
}

void ImportCall::Begin() {
  const MutexLock lock(&mutex_);
  const absl::Status status = TryBegin();
  if (status.ok()) {
    ReadNext();
  } else {
    Close(status);
  }
}

absl::Status ImportCall::TryBegin() {
  if (absl::Status status = parts_.incoming_calls.Add(&context_); !status.ok()) return status;
  auto slot = parts_.import_slots.Take(context_.peer());
  if (!slot.ok()) return slot.status();
  slot_ = *std::move(slot);
  return absl::OkStatus();
}

void ImportCall::ReadNext() {
  v1::ImportModelRequest().Swap(&message_);  // frees the last one
  MarkAsUnread(&message_);
  StartRead(&message_);
}

void ImportCall::OnReadDone(bool ok) {
  const MutexLock lock(&mutex_);
  const absl::Status status =
      parts_.imported.Submit(message_, [self = SharedAs<ImportCall>(), ok] { self->TakeRead(ok); });
  if (!status.ok()) Close(status);
}

void ImportCall::TakeRead(bool ok) {
  const MutexLock lock(&mutex_);
  if (ok) {
    TakeMessage();
  } else {
    Publish();
  }
}

void ImportCall::TakeMessage() {
  if (import_ == nullptr) {
    Violations violations;
    ImportRequest request = ReadImportRequest(message_, &violations);
    if (!violations.empty()) return Close(ToStatus(violations));
    published_.name = request.name;
    import_ = std::make_unique<ModelImport>(parts_, std::move(request));
  }
  const absl::Status status = import_->Append(message_.chunk());
  if (!status.ok()) return Close(status);
  ReadNext();
}

void ImportCall::Publish() {
  if (context_.IsCancelled()) return Close(absl::CancelledError(""));
  if (!IsMarkedAsUnread(message_)) return Close(UnreadableRequest());
  if (import_ == nullptr) {
    return Close(InvalidField("name", "is missing: the stream ended before its first message"));
  }
  const absl::StatusOr<VersionInfo> info =
      import_->Publish([this] { return context_.IsCancelled(); });
  if (info.ok()) {
    published_.version = info->version;
    *response_.mutable_version() = ToProto(*info);
  }
  Close(info.status());
}

void ImportCall::Close(const absl::Status& status) {
  import_.reset();
  // Frees the slot before the caller can try again. A published version keeps it, because its
  // withdrawal may need the place on the executor.
  if (published_.version == 0) slot_.reset();
  FinishOnce(status);
}

void ImportCall::OnEnd() {
  parts_.incoming_calls.Remove(&context_);
  const MutexLock lock(&mutex_);
  if (published_.version == 0 || !context_.IsCancelled()) return;
  // The stream may have broken just when it seemed to end: then the client knows of no version, and
  // there must be none.
  const absl::Status status =
      parts_.model_work.Submit([self = SharedAs<ImportCall>()] { self->Withdraw(); });
  if (!status.ok()) Log(LogLevel::kError, status.message());
}

void ImportCall::Withdraw() {
  const MutexLock lock(&mutex_);
  const absl::Status status = parts_.models.Delete(published_);
  LogLimited(LogLevel::kInfo, "broken import",
             absl::StrCat("the call that imported ", published_.ToString(),
                          " broke off; deleted it: ", status.ToString()));
}

}  // namespace runnel::server
