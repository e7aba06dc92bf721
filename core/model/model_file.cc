#include "core/model/model_file.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/damaged.h"
#include "core/base/hash.h"
#include "core/base/read_file.h"
#include "core/model/json.h"
#include "core/nn/network.h"

namespace runnel {
namespace {

constexpr char kFormat[] = "runnel-1";
constexpr absl::string_view kFormatStart = "runnel-";  // the same in every release
constexpr char kFormatKey[] = "format";
constexpr char kChecksumKey[] = "checksum";
constexpr char kDescriptionKey[] = "runnel";
constexpr char kDescriptionChecksumKey[] = "runnel_checksum";
constexpr char kType[] = "F32";
constexpr int64_t kFileBytesMax = int64_t{16} << 30;

std::string ChecksumOf(absl::string_view bytes) { return Hash128Of(bytes).Digits(); }

std::vector<FileTensor> TensorsOf(const ModelDescription& description) {
  return FileTensors(
      MakeNetwork<float>(description.network, description.vocabulary.size())->layout());
}

std::string MetadataValue(const SafetensorsHeader& header, const char* key) {
  if (!header.metadata) return "";
  const auto found = header.metadata->find(key);
  return found == header.metadata->end() ? "" : found->second;
}

// The file's tensors must be `expected`, no more and no less.
absl::Status CheckTensors(const SafetensorsHeader& header,
                          const std::vector<FileTensor>& expected) {
  if (header.tensors.size() != expected.size()) {
    return Damaged(absl::StrCat("holds ", header.tensors.size(), " tensors; its network has ",
                                expected.size()));
  }
  for (const FileTensor& tensor : expected) {
    const StoredTensor* stored = header.Find(tensor.name);
    if (stored == nullptr) return Damaged(absl::StrCat("has no tensor ", tensor.name));
    if (stored->dtype != kType) {
      return Damaged(
          absl::StrCat(tensor.name, " has dtype \"", stored->dtype, "\"; must be ", kType));
    }
    if (stored->shape != tensor.shape) {
      return Damaged(absl::StrCat(tensor.name, " has shape ", ShapeText(stored->shape),
                                  "; must be ", ShapeText(tensor.shape)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeModel(const ModelData& model) {
  const std::vector<FileTensor> tensors = TensorsOf(model.description);
  std::vector<StoredTensor> stored;
  uint64_t data_bytes = 0;
  for (const FileTensor& tensor : tensors) {
    const uint64_t begin = data_bytes;
    data_bytes += tensor.size() * sizeof(float);
    stored.push_back({tensor.name, kType, tensor.shape, begin, data_bytes});
  }
  // The checksum of the data comes before the data, so zeros keep its place until it is known.
  const std::string description = EncodeDescription(model.description);
  SafetensorsMetadata metadata = {{kFormatKey, kFormat},
                                  {kChecksumKey, std::string(kHash128Digits, '0')},
                                  {kDescriptionKey, description},
                                  {kDescriptionChecksumKey, ChecksumOf(description)}};
  std::string bytes = EncodeSafetensorsHeader(metadata, stored);
  const size_t data_begin = bytes.size();
  bytes.resize(data_begin + data_bytes);
  for (size_t i = 0; i < tensors.size(); ++i) {
    std::vector<float> values(tensors[i].size());
    ToFile(tensors[i], model.parameters.data(), values.data());
    std::memcpy(bytes.data() + data_begin + stored[i].begin, values.data(),
                values.size() * sizeof(float));
  }
  metadata[kChecksumKey] = ChecksumOf(absl::string_view(bytes).substr(data_begin));
  const std::string header = EncodeSafetensorsHeader(metadata, stored);
  return bytes.replace(0, header.size(), header);
}

bool ClaimsToBeModelFile(const SafetensorsHeader& header) {
  return absl::StartsWith(MetadataValue(header, kFormatKey), kFormatStart) ||
         !MetadataValue(header, kDescriptionKey).empty();
}

absl::StatusOr<ModelHeader> ReadModelHeader(const SafetensorsHeader& header, int64_t data_bytes) {
  if (!header.metadata) return Damaged("the header has no __metadata__");
  const std::string format = MetadataValue(header, kFormatKey);
  if (format != kFormat) {
    return Damaged(
        absl::StrCat("format is \"", format, "\"; this release reads \"", kFormat, "\""));
  }
  const std::string text = MetadataValue(header, kDescriptionKey);
  auto description = DecodeDescription(text);
  if (!description.ok()) return description.status();
  const std::string checksum = MetadataValue(header, kDescriptionChecksumKey);
  if (!checksum.empty() && checksum != ChecksumOf(text)) {
    return Damaged("the metadata do not match their checksum");
  }
  ModelHeader model{.description = *std::move(description),
                    .checksum = MetadataValue(header, kChecksumKey)};
  const auto network =
      MakeNetwork<float>(model.description.network, model.description.vocabulary.size());
  model.description.parameter_count = network->layout().size();
  model.tensors = FileTensors(network->layout());
  if (absl::Status status = CheckTensors(header, model.tensors); !status.ok()) return status;
  if (absl::Status status = CheckPlacement(header, data_bytes); !status.ok()) return status;
  return model;
}

absl::StatusOr<ModelData> DecodeModel(absl::string_view bytes) {
  const auto header_bytes = SafetensorsHeaderBytes(bytes, static_cast<int64_t>(bytes.size()));
  if (!header_bytes.ok()) return header_bytes.status();
  const absl::string_view data = bytes.substr(kSafetensorsLengthBytes + *header_bytes);
  const auto stored = ParseSafetensorsHeader(bytes.substr(kSafetensorsLengthBytes, *header_bytes));
  if (!stored.ok()) return stored.status();
  auto header = ReadModelHeader(*stored, static_cast<int64_t>(data.size()));
  if (!header.ok()) return header.status();
  if (header->checksum != ChecksumOf(data)) {
    return Damaged("the weights do not match their checksum");
  }
  ModelData model{.description = std::move(header->description)};
  model.parameters.resize(model.description.parameter_count);
  for (const FileTensor& tensor : header->tensors) {
    const auto values = ReadValues(*stored->Find(tensor.name), data);
    if (!values.ok()) return values.status();
    absl::Status placed = FromFile(tensor, *values, model.parameters.data());
    if (!placed.ok()) return placed;
  }
  return model;
}

absl::StatusOr<ModelDescription> ReadModelDescription(const std::string& path) {
  const absl::StatusOr<SafetensorsFileHeader> file = ReadSafetensorsHeader(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<ModelHeader> header = ReadModelHeader(file->header, file->data_bytes);
  if (!header.ok()) return header.status();
  return std::move(header->description);
}

absl::StatusOr<ModelData> ReadModel(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadWholeFile(path, kFileBytesMax);
  if (!bytes.ok()) return bytes.status();
  return DecodeModel(*bytes);
}

}  // namespace runnel
