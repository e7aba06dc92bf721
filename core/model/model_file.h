// A version file: the safetensors format, so that PyTorch users can open it.
//
//   8 bytes   little-endian length of the header
//   header    JSON: "__metadata__" and, for each tensor, dtype, shape, data_offsets
//   data      the tensors, float32 little-endian, under PyTorch's names and in its order (bias_hh
//   is zeros)
//
// "__metadata__" holds format = "runnel-1", checksum = XXH3-128 of the data in hex, and runnel =
// JSON:
//   {"network": {"cell", "num_layers", "hidden_size"}, "vocabulary": {"kind", "characters"},
//    "summary": {"training_job", "create_time_ms", "chars_trained", "validation_loss"}, "training":
//    {...}}
//
// What is read is hostile until checked: sizes are compared with the file's before memory is
// allocated for them.
#ifndef RUNNEL_CORE_MODEL_MODEL_FILE_H_
#define RUNNEL_CORE_MODEL_MODEL_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/nn/network_config.h"
#include "core/text/vocabulary.h"

namespace runnel {

// Everything of a version but its weights.
struct ModelDescription {
  NetworkConfig network;
  Vocabulary vocabulary;
  int64_t parameter_count = 0;
  std::optional<double> validation_loss;  // nats a character
  int64_t chars_trained = 0;
  std::string training_job;     // empty: imported
  int64_t create_time_ms = 0;   // since 1970
  std::string training = "{}";  // a JSON object that the caller chooses, kept as it is
};

struct ModelData {
  ModelDescription description;
  std::vector<float> parameters;  // in the order of the network's layout
};

// The bytes of a version file. `parameters` must have the network's size.
std::string EncodeModel(const ModelData& model);

// DATA_LOSS naming what is wrong, if `bytes` is not a whole, undamaged version file.
absl::StatusOr<ModelData> DecodeModel(absl::string_view bytes);

// The description and the structure of the file at `path`, without reading its weights. DATA_LOSS
// as DecodeModel, but for the checksum.
absl::StatusOr<ModelDescription> ReadModelDescription(const std::string& path);
// Reads and checks the whole file.
absl::StatusOr<ModelData> ReadModel(const std::string& path);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_FILE_H_
