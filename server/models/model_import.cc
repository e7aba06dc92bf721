#include "server/models/model_import.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/model/pytorch_model.h"
#include "core/model/safetensors.h"
#include "server/base/log.h"
#include "server/wire/model_convert.h"

namespace runnel::server {
namespace {

constexpr char kField[] = "chunk";

// Damage is the sender's mistake: the file is not ours yet.
grpc::Status OfTheFile(const absl::Status& status) {
  return absl::IsDataLoss(status) ? InvalidField(kField, status.message()) : ToGrpcStatus(status);
}

// What reading takes at most: the file beside the parameters, then these beside the version's file;
// and a tensor on its way, as it was read, in our characters' order and in our rows'.
int64_t MemoryNeeded(int64_t file_bytes, const SafetensorsHeader& header) {
  constexpr int64_t kBytes = sizeof(float);
  const int64_t parameter_bytes = ElementCount(header) * kBytes;
  return parameter_bytes + std::max(file_bytes, parameter_bytes) +
         3 * LargestElementCount(header) * kBytes;
}

}  // namespace

grpc::Status ModelImport::Append(absl::string_view bytes) {
  if (bytes.empty()) return grpc::Status::OK;
  bytes_ += static_cast<int64_t>(bytes.size());
  if (bytes_ > engine_.options.max_model_bytes) {
    return ToGrpcStatus(absl::ResourceExhaustedError(
        absl::StrCat("the model's file is larger than the ", engine_.options.max_model_bytes,
                     " bytes that this server takes")));
  }
  if (start_.size() < kSafetensorsLengthBytes) {
    absl::StrAppend(&start_, bytes.substr(0, kSafetensorsLengthBytes - start_.size()));
    if (start_.size() == kSafetensorsLengthBytes) {
      const auto header = SafetensorsHeaderBytes(start_, engine_.options.max_model_bytes);
      if (!header.ok()) return OfTheFile(header.status());
    }
  }
  if (!file_.has_value()) {
    absl::StatusOr<AtomicFile> file = AtomicFile::Create(engine_.import_path());
    if (!file.ok()) return ToGrpcStatus(file.status());
    file_.emplace(*std::move(file));
  }
  return ToGrpcStatus(file_->Append(bytes));
}

grpc::Status ModelImport::Publish(const std::function<bool()>& is_cancelled,
                                  VersionInfo* published) {
  if (bytes_ == 0) return InvalidField(kField, "is empty; a model's file is needed");
  const absl::StatusOr<SafetensorsFileHeader> file = ReadSafetensorsHeader(file_->temporary_path());
  if (!file.ok()) return OfTheFile(file.status());
  const absl::Status placed = CheckPlacement(file->header, file->data_bytes);
  if (!placed.ok()) return OfTheFile(placed);
  const auto memory = engine_.import_memory.Take(MemoryNeeded(bytes_, file->header), "the model");
  if (!memory.ok()) return ToGrpcStatus(memory.status());

  ModelData model;
  {
    const absl::StatusOr<std::string> bytes = ReadWholeFile(file_->temporary_path(), bytes_);
    if (!bytes.ok()) return OfTheFile(bytes.status());
    grpc::Status status = Decode(file->header, *bytes, &model);
    if (!status.ok()) return status;
  }
  file_.reset();
  model.description.training_job.clear();
  model.description.create_time_ms = absl::ToUnixMillis(absl::Now());
  model.description.training = WithKnownFieldsOnly(model.description.training);
  if (is_cancelled()) return grpc::Status::CANCELLED;
  absl::StatusOr<VersionInfo> info = engine_.models->Publish(request_.name, model);
  if (!info.ok()) return ToGrpcStatus(info.status());
  Log(LogLevel::kInfo, absl::StrCat("imported ", request_.name, ":", info->version));
  *published = *std::move(info);
  return grpc::Status::OK;
}

grpc::Status ModelImport::Decode(const SafetensorsHeader& header, const std::string& bytes,
                                 ModelData* model) {
  Violations violations;
  if (ClaimsToBeModelFile(header)) {
    absl::StatusOr<ModelData> decoded = DecodeModel(bytes);
    if (!decoded.ok()) return OfTheFile(decoded.status());
    *model = *std::move(decoded);
    CheckAgreement(request_, model->description, &violations);
    return ToGrpcStatus(violations);
  }
  RequireNetworkAndVocabulary(request_, &violations);
  if (!violations.empty()) return ToGrpcStatus(violations);
  std::optional<ModelData> read = ReadPyTorchModel(bytes, request_.spec, &violations);
  if (!read) return ToGrpcStatus(violations);
  *model = *std::move(read);
  return grpc::Status::OK;
}

}  // namespace runnel::server
