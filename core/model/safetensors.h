// The safetensors container: named tensors in one file, as PyTorch users exchange them.
//
//   8 bytes   little-endian length of the header
//   header    JSON: {"NAME": {"dtype", "shape", "data_offsets": [begin, end]}, ...,
//             "__metadata__": {"KEY": "TEXT", ...}}
//   data      the tensors, row-major and little-endian, without gaps
//
// A file is hostile until it is checked, in this order: SafetensorsHeaderBytes,
// ParseSafetensorsHeader, CheckPlacement, ReadValues. Before ReadValues, the memory used depends
// only on the size of the header; the sizes that a header states are first compared with the
// file's. A header of more than 8 MiB is refused: a vocabulary of every Unicode character takes 5
// MiB.
#ifndef RUNNEL_CORE_MODEL_SAFETENSORS_H_
#define RUNNEL_CORE_MODEL_SAFETENSORS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

inline constexpr int64_t kSafetensorsLengthBytes = 8;

// A tensor as the header describes it. Only the form of the description has been checked.
struct StoredTensor {
  std::string name;
  std::string dtype;  // "F32", ...
  std::vector<uint64_t> shape;
  uint64_t begin = 0;  // bytes from the start of the data
  uint64_t end = 0;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

struct SafetensorsHeader {
  std::optional<SafetensorsMetadata> metadata;
  std::vector<StoredTensor> tensors;  // by name

  // Null if there is no tensor of that name.
  const StoredTensor* Find(absl::string_view name) const;
};

// "[2,3]"
std::string ShapeText(const std::vector<uint64_t>& shape);

// The length of the header in bytes. `start` is at least the first 8 bytes of a file of
// `file_bytes` bytes, or the whole file if it is shorter. DATA_LOSS if the file is not a
// safetensors file, or if the header would be too large for the file or for this reader.
absl::StatusOr<int64_t> SafetensorsHeaderBytes(absl::string_view start, int64_t file_bytes);

// DATA_LOSS unless `text` is JSON of the form above.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view text);

// DATA_LOSS unless the tensors are of known types, have the bytes that their shapes need, and
// together are exactly `data_bytes` bytes, without overlap or gap.
absl::Status CheckPlacement(const SafetensorsHeader& header, int64_t data_bytes);

// The number of elements of all tensors, which CheckPlacement has passed.
int64_t ElementCount(const SafetensorsHeader& header);
int64_t LargestElementCount(const SafetensorsHeader& header);  // of a tensor

// The header of a file, and where its data are.
struct SafetensorsFileHeader {
  SafetensorsHeader header;
  int64_t data_begin = 0;  // in the file
  int64_t data_bytes = 0;
};
// Reads the header of the file at `path`. DATA_LOSS, and errors of the file system. Does not check
// the placement.
absl::StatusOr<SafetensorsFileHeader> ReadSafetensorsHeader(const std::string& path);

// The elements of a tensor that CheckPlacement has passed, as floats. DATA_LOSS naming the tensor
// and the element if the dtype is not readable, or an element is not finite or is beyond the range
// of a float.
absl::StatusOr<std::vector<float>> ReadValues(const StoredTensor& tensor, absl::string_view data);

// The bytes of a file before its data; their number is a multiple of 8.
std::string EncodeSafetensorsHeader(const SafetensorsMetadata& metadata,
                                    const std::vector<StoredTensor>& tensors);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_SAFETENSORS_H_
