#include "core/base/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file_error.h"

namespace runnel {

absl::StatusOr<FilePrefix> ReadFilePrefix(const std::string& path, int64_t bytes_max) {
  // O_NONBLOCK: opening a named pipe must not wait for its writer.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return FileError("cannot open", path);
  struct stat info = {};
  FilePrefix prefix;
  absl::Status status;
  if (fstat(descriptor, &info) != 0) {
    status = FileError("cannot read", path);
  } else if (!S_ISREG(info.st_mode)) {
    status = absl::FailedPreconditionError(absl::StrCat(path, " is not a regular file"));
  } else {
    prefix.file_bytes = info.st_size;
    prefix.bytes.resize(std::min<int64_t>(info.st_size, bytes_max));
  }
  size_t done = 0;
  while (status.ok() && done < prefix.bytes.size()) {
    const ssize_t count = read(descriptor, prefix.bytes.data() + done, prefix.bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) status = FileError("cannot read", path);
    if (count == 0) status = absl::DataLossError(absl::StrCat(path, " shrank while it was read"));
    if (count > 0) done += count;
  }
  close(descriptor);
  if (!status.ok()) return status;
  return prefix;
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, int64_t bytes_max) {
  absl::StatusOr<FilePrefix> file = ReadFilePrefix(path, bytes_max);
  if (!file.ok()) return file.status();
  if (file->file_bytes > bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, " has ", file->file_bytes, " bytes; at most ", bytes_max, " are read"));
  }
  return std::move(file->bytes);
}

}  // namespace runnel
