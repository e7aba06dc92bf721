// A version file: a safetensors file (safetensors.h), so that PyTorch users can open it. Its
// tensors are float32 under PyTorch's names (file_tensors.h); its metadata hold format =
// "runnel-1", checksum = XXH3-128 of the data in hex, runnel = the description
// (model_description.h), and runnel_checksum = the same hash of the description. The first files
// had no runnel_checksum and are still read.
//
// A file is hostile until it is checked: its sizes are compared with the size of the file before
// memory is allocated for them.
#ifndef RUNNEL_CORE_MODEL_MODEL_FILE_H_
#define RUNNEL_CORE_MODEL_MODEL_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/model/file_tensors.h"
#include "core/model/model_description.h"
#include "core/model/safetensors.h"

namespace runnel {

struct ModelData {
  ModelDescription description;
  std::vector<float> parameters;  // in the order of the network's layout
};

// The bytes of a version file. `parameters` must have the network's size.
std::string EncodeModel(const ModelData& model);

// DATA_LOSS naming what is wrong, if `bytes` is not a whole, undamaged version file.
absl::StatusOr<ModelData> DecodeModel(absl::string_view bytes);

// Reads the description of the file at `path` and checks its structure, but does not read its
// weights. DATA_LOSS as from DecodeModel, except that the checksum of the weights is not checked.
absl::StatusOr<ModelDescription> ReadModelDescription(const std::string& path);
// Reads and checks the whole file.
absl::StatusOr<ModelData> ReadModel(const std::string& path);

// Whether a safetensors file claims to be a version file.
bool ClaimsToBeModelFile(const SafetensorsHeader& header);

// The content of a version file's header.
struct ModelHeader {
  ModelDescription description;
  std::vector<FileTensor> tensors;
  std::string checksum;  // of the data
};
// DATA_LOSS unless it is the header of a version file with `data_bytes` bytes of data.
absl::StatusOr<ModelHeader> ReadModelHeader(const SafetensorsHeader& header, int64_t data_bytes);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_FILE_H_
