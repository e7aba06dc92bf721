// Reads regular files, up to a bound.
#ifndef RUNNEL_CORE_BASE_READ_FILE_H_
#define RUNNEL_CORE_BASE_READ_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace runnel {

// The first bytes of a regular file, and the size of the whole file.
struct FilePrefix {
  std::string bytes;
  int64_t file_bytes = 0;
};

// Reads at most `bytes_max` bytes. Returns the errors of the file system; FAILED_PRECONDITION if
// `path` is not a regular file; DATA_LOSS if the file shrinks meanwhile. Never waits for the writer
// of a named pipe.
absl::StatusOr<FilePrefix> ReadFilePrefix(const std::string& path, int64_t bytes_max);

// Reads the whole file. RESOURCE_EXHAUSTED if it has more than `bytes_max` bytes.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, int64_t bytes_max);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_READ_FILE_H_
