#include "server/models/import_call.h"

#include <utility>

#include "server/base/log.h"
#include "server/base/unreadable_request.h"
#include "server/wire/error_mapping.h"
#include "server/wire/model_convert.h"

namespace runnel::server {
ImportCall* ImportCall::Start(Engine* engine, grpc::CallbackServerContext* context,
                              v1::ImportModelResponse* response) {
  const std::shared_ptr<ImportCall> call(new ImportCall(engine, context, response));
  const std::lock_guard lock(call->mutex_);
  call->self_ = call;
  const absl::Status status = call->TryBegin();
  if (status.ok()) {
    call->ReadNext();
  } else {
    call->End(status);
  }
  return call.get();
}

absl::Status ImportCall::TryBegin() {
  if (absl::Status status = engine_.upload_calls.Add(&context_); !status.ok()) return status;
  auto slot = engine_.import_slots.Take();
  if (!slot.ok()) return slot.status();
  slot_ = *std::move(slot);
  return absl::OkStatus();
}

void ImportCall::ReadNext() {
  MarkAsUnread(&message_);
  StartRead(&message_);
}

void ImportCall::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  const absl::Status status = engine_.model_work.Submit([self = shared_from_this(), ok] {
    const std::lock_guard task_lock(self->mutex_);
    if (ok) {
      self->Take();
    } else {
      self->Publish();
    }
  });
  if (!status.ok()) End(status);
}

void ImportCall::Take() {
  if (import_ == nullptr) {
    Violations violations;
    ImportRequest request = ReadImportRequest(message_, &violations);
    if (!violations.empty()) return End(ToStatus(violations));
    published_.name = request.name;
    import_ = std::make_unique<ModelImport>(&engine_, std::move(request));
  }
  const absl::Status status = import_->Append(message_.chunk());
  if (!status.ok()) return End(status);
  ReadNext();
}

void ImportCall::Publish() {
  if (context_.IsCancelled()) return End(absl::CancelledError(""));
  if (!IsMarkedAsUnread(message_)) return End(UnreadableRequest());
  if (import_ == nullptr) {
    return End(InvalidField("name", "is missing: the stream ended before its first message"));
  }
  const absl::StatusOr<VersionInfo> info =
      import_->Publish([this] { return context_.IsCancelled(); });
  if (info.ok()) {
    published_.version = info->version;
    *response_.mutable_version() = ToProto(*info);
  }
  End(info.status());
}

void ImportCall::End(const absl::Status& status) {
  import_.reset();
  // Before the caller can try again. What is published may have to be withdrawn, on the executor.
  if (published_.version == 0) slot_.reset();
  Finish(ToGrpcStatus(status));
}

void ImportCall::OnDone() {
  engine_.upload_calls.Remove(&context_);
  std::shared_ptr<ImportCall> self;
  const std::lock_guard lock(mutex_);
  self = std::move(self_);
  if (published_.version == 0 || !context_.IsCancelled()) return;
  // The stream may have broken just when it seemed to end: then the caller knows of no version, and
  // there must be none.
  const absl::Status status = engine_.model_work.Submit([self] { self->Withdraw(); });
  if (!status.ok()) Log(LogLevel::kError, status.message());
}

void ImportCall::Withdraw() {
  const std::lock_guard lock(mutex_);
  const absl::Status status = engine_.models->Delete(published_);
  Log(LogLevel::kInfo, absl::StrCat("the call that imported ", published_.ToString(),
                                    " broke off; deleted it: ", status.ToString()));
}

}  // namespace runnel::server
