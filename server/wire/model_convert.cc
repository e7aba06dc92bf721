#include "server/wire/model_convert.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "server/wire/error_mapping.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

constexpr size_t kDamageBytesMax = 1000;

// Returns an empty message if the JSON cannot be read.
v1::TrainingOptions FromModelFileJson(const std::string& json) {
  v1::TrainingOptions training;
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;  // a later release may have more fields
  if (!google::protobuf::util::JsonStringToMessage(json, &training, lenient).ok()) training.Clear();
  return training;
}

}  // namespace

v1::ModelVersion ToProto(const VersionInfo& info) {
  v1::ModelVersion version;
  version.set_version(info.version);
  version.set_file_bytes(info.file_bytes);
  version.set_damage(SafeText(info.damage, kDamageBytesMax));
  if (info.description == nullptr) return version;  // damaged before it could be read
  const ModelDescription& description = *info.description;
  *version.mutable_network() = server::ToProto(description.network, description.vocabulary.rules());
  v1::TrainingOptions training = FromModelFileJson(description.training);
  if (training.ByteSizeLong() > 0) *version.mutable_training() = std::move(training);
  version.set_vocabulary_size(description.vocabulary.size());
  version.set_parameter_count(description.parameter_count);
  if (description.validation_loss) {
    version.set_validation_loss(static_cast<float>(*description.validation_loss));
  }
  version.set_chars_trained(description.chars_trained);
  if (description.create_time_ms > 0) {
    *version.mutable_create_time() = ToTimestamp(description.create_time_ms);
  }
  version.set_training_job(SafeText(description.training_job, kDamageBytesMax));
  return version;
}

v1::Model ToProto(const ModelInfo& model) {
  v1::Model wire;
  wire.set_name(model.name);
  for (const VersionInfo& version : model.versions) *wire.add_versions() = ToProto(version);
  return wire;
}

std::string ToModelFileJson(const v1::TrainingOptions& options) {
  google::protobuf::util::JsonPrintOptions print;
  print.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(options, &json, print).ok()) return "{}";
  return json;
}

std::string WithKnownFieldsOnly(const std::string& model_file_json) {
  return ToModelFileJson(FromModelFileJson(model_file_json));
}

}  // namespace runnel::server
