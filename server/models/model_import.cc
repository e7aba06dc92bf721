#include "server/models/model_import.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/out_of_memory.h"
#include "core/base/read_file.h"
#include "core/model/pytorch_model.h"
#include "core/model/pytorch_names.h"
#include "core/model/safetensors.h"
#include "server/base/log.h"
#include "server/wire/model_convert.h"

namespace runnel::server {
namespace {

constexpr char kField[] = "chunk";

// The peak memory of an import: the parameters, plus the larger of the uploaded file and the
// version's file (which are never both in memory), plus three copies of the largest tensor (as it
// is read, with its characters reordered, and with its rows reordered).
int64_t MemoryNeeded(int64_t file_bytes, const SafetensorsHeader& header) {
  constexpr int64_t kBytes = sizeof(float);
  const int64_t parameter_bytes = ElementCount(header) * kBytes;
  return parameter_bytes + std::max(file_bytes, parameter_bytes) +
         3 * LargestElementCount(header) * kBytes;
}

// The same violations under the wire's paths, from the names that ReadPyTorchModel gives.
Violations AtWirePaths(const Violations& violations) {
  Violations at_paths;
  for (const auto& [field, description] : violations.list()) {
    if (field == "file") {
      at_paths.Add(kField, description);
    } else if (field == "vocabulary") {
      at_paths.Add(field, description);
    } else {
      at_paths.Add(absl::StrCat("network.", field), description);
    }
  }
  return at_paths;
}

}  // namespace

absl::Status ModelImport::OfTheFile(const absl::Status& status) const {
  // Damage in an arriving file is the sender's mistake, so DATA_LOSS becomes INVALID_ARGUMENT.
  const absl::Status explained = parts_.import_folder.Explain(status);
  return absl::IsDataLoss(explained) ? InvalidField(kField, explained.message()) : explained;
}

absl::Status ModelImport::Append(absl::string_view bytes) {
  if (bytes.empty()) return absl::OkStatus();
  bytes_ += static_cast<int64_t>(bytes.size());
  if (bytes_ > parts_.model_bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat("the model's file is larger than the ",
                                                     parts_.model_bytes_max,
                                                     " bytes that this server takes"));
  }
  if (start_.size() < kSafetensorsLengthBytes) {
    absl::StrAppend(&start_, bytes.substr(0, kSafetensorsLengthBytes - start_.size()));
    if (start_.size() == kSafetensorsLengthBytes) {
      const auto header = SafetensorsHeaderBytes(start_, parts_.model_bytes_max);
      if (!header.ok()) return OfTheFile(header.status());
    }
  }
  if (!file_.has_value()) {
    const OpenedFolder& folder = parts_.import_folder;
    if (absl::Status present = folder.CheckPresent(); !present.ok()) return present;
    absl::StatusOr<AtomicFile> file = AtomicFile::Create(absl::StrCat(folder.path(), "/model"));
    if (!file.ok()) return OfTheFile(file.status());
    file_.emplace(*std::move(file));
  }
  return OfTheFile(file_->Append(bytes));
}

absl::StatusOr<VersionInfo> ModelImport::Publish(const std::function<bool()>& is_cancelled) {
  if (bytes_ == 0) return InvalidField(kField, "is empty; a model's file is needed");
  absl::StatusOr<SafetensorsFileHeader> file = OrOutOfMemory(
      "the model's header", [&] { return ReadSafetensorsHeader(file_->temporary_path()); });
  if (!file.ok()) return OfTheFile(file.status());
  const absl::Status placed = CheckPlacement(file->header, file->data_bytes);
  if (!placed.ok()) return OfTheFile(placed);
  AddTiedTensors(&file->header);  // a tied tensor takes memory as often as it is used
  const auto memory = parts_.import_memory.Take(MemoryNeeded(bytes_, file->header), "the model");
  if (!memory.ok()) return memory.status();

  absl::StatusOr<ModelData> model =
      OrOutOfMemory("the model", [&] { return Decode(file->header); });
  if (!model.ok()) return model.status();
  file_.reset();
  model->description.training_job.clear();
  model->description.create_time_ms = absl::ToUnixMillis(absl::Now());
  model->description.training = WithKnownFieldsOnly(model->description.training);
  if (is_cancelled()) return absl::CancelledError("");
  absl::StatusOr<VersionInfo> info = parts_.models.Publish(request_.name, *model);
  if (info.ok()) {
    Log(LogLevel::kInfo, absl::StrCat("imported ", request_.name, ":", info->version));
  }
  return info;
}

absl::StatusOr<ModelData> ModelImport::Decode(const SafetensorsHeader& header) const {
  const absl::StatusOr<std::string> bytes = ReadWholeFile(file_->temporary_path(), bytes_);
  if (!bytes.ok()) return OfTheFile(bytes.status());
  Violations violations;
  if (ClaimsToBeModelFile(header)) {
    absl::StatusOr<ModelData> model = DecodeModel(*bytes);
    if (!model.ok()) return OfTheFile(model.status());
    CheckAgreement(request_, model->description, &violations);
    if (!violations.empty()) return ToStatus(violations);
    return model;
  }
  RequireNetworkAndVocabulary(request_, &violations);
  if (!violations.empty()) return ToStatus(violations);
  std::optional<PyTorchModel> model = ReadPyTorchModel(*bytes, request_.spec, &violations);
  if (!model) return ToStatus(AtWirePaths(violations));
  if (!model->passed_over.empty()) {
    LogLimited(
        LogLevel::kInfo, "ignored tensors",
        absl::StrCat("the import of ", request_.name, " ignores tensors that are not weights: ",
                     absl::StrJoin(model->passed_over, ", ")));
  }
  return std::move(model->data);
}

}  // namespace runnel::server
