#include "server/models/export_call.h"

#include <string>
#include <utility>

#include "server/base/finished_call.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {
namespace {

// Below the 4 MB that a gRPC client takes if it is not told otherwise.
constexpr int64_t kChunkBytes = 1 << 20;

}  // namespace

ExportCall* ExportCall::Start(const ModelParts& parts, const grpc::CallbackServerContext& context,
                              const v1::ExportModelRequest& request) {
  const std::shared_ptr<ExportCall> call(new ExportCall(parts));
  call->OwnItself();
  call->Begin(context.peer(), request);
  return call.get();
}

void ExportCall::Begin(const std::string& peer, const v1::ExportModelRequest& request) {
  const MutexLock lock(&mutex_);
  const absl::Status status = TryBegin(peer, request);
  if (!status.ok()) FinishOnce(status);
}

absl::Status ExportCall::TryBegin(const std::string& peer, const v1::ExportModelRequest& request) {
  if (absl::Status small = CheckSmall(request); !small.ok()) return small;
  absl::StatusOr<ModelReference> reference = ParseModelReference(request.model());
  if (!reference.ok()) return AtField("model", reference.status());
  reference_ = *std::move(reference);
  auto slot = parts_.export_slots.Take(peer);
  if (!slot.ok()) return slot.status();
  slot_ = *std::move(slot);
  return Continue();
}

absl::Status ExportCall::Continue() {
  return parts_.model_work.Submit([self = SharedAs<ExportCall>()] { self->Send(); });
}

void ExportCall::Send() {
  const MutexLock lock(&mutex_);
  const absl::Status status = TrySend();
  if (!status.ok()) FinishOnce(status);
}

absl::Status ExportCall::TrySend() {
  if (!file_.has_value()) {
    auto file = parts_.models.OpenFile(reference_);
    if (!file.ok()) return file.status();
    file_.emplace(*std::move(file));
  }
  absl::StatusOr<std::string> bytes = file_->reader.Read(kChunkBytes);
  if (!bytes.ok()) {
    if (absl::IsDataLoss(bytes.status())) {
      parts_.models.ReportDamage(reference_.name, file_->version, bytes.status().message());
    }
    return absl::Status(bytes.status().code(),
                        absl::StrCat(reference_.name, ":", file_->version,
                                     " is damaged: ", bytes.status().message()));
  }
  message_.set_chunk(*std::move(bytes));
  if (file_->reader.bytes_left() > 0) {
    StartWrite(&message_);
  } else {
    WriteAndFinishOnce(&message_);
  }
  return absl::OkStatus();
}

void ExportCall::OnWriteDone(bool ok) {
  const MutexLock lock(&mutex_);
  if (!ok) return FinishOnce(absl::CancelledError(""));
  const absl::Status status = Continue();
  if (!status.ok()) FinishOnce(status);
}

}  // namespace runnel::server
