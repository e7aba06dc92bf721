// Reads a version file from its first byte to its last, piece by piece, and checks it meanwhile.
// For one thread at a time. Reading continues even if the file is deleted.
#ifndef RUNNEL_CORE_MODEL_MODEL_FILE_READER_H_
#define RUNNEL_CORE_MODEL_MODEL_FILE_READER_H_

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/hash.h"

namespace runnel {

class ModelFileReader {
 public:
  // DATA_LOSS if it is not a version file; errors of the file system.
  static absl::StatusOr<ModelFileReader> Open(const std::string& path);

  // The number of bytes that Read has not returned yet.
  int64_t bytes_left() const { return bytes_ - done_; }

  // Returns the next `bytes_max` bytes, or as many as are left; the empty string at the end.
  // Returns DATA_LOSS instead of the last piece if the weights do not match their checksum.
  absl::StatusOr<std::string> Read(int64_t bytes_max);

 private:
  ModelFileReader(std::ifstream file, int64_t data_begin, int64_t bytes, std::string expected)
      : file_(std::move(file)),
        data_begin_(data_begin),
        bytes_(bytes),
        expected_(std::move(expected)) {}

  std::ifstream file_;
  int64_t data_begin_;
  int64_t bytes_;
  std::string expected_;  // digits of the checksum
  int64_t done_ = 0;
  Hasher hasher_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_FILE_READER_H_
