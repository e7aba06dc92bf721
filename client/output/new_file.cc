#include "client/output/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel::client {
namespace {

std::string CannotWrite(const std::string& path) {
  return absl::StrCat("cannot write ", path, ": ", std::strerror(errno));
}

absl::Status IsThere(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(path, " exists already; --force replaces it"));
}

}  // namespace

NewFile::NewFile(std::string path, std::string temporary_path, int descriptor, bool force)
    : path_(std::move(path)),
      temporary_path_(std::move(temporary_path)),
      descriptor_(descriptor),
      force_(force) {}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::exchange(other.temporary_path_, "")),
      descriptor_(std::exchange(other.descriptor_, -1)),
      force_(other.force_),
      bytes_(other.bytes_) {}

NewFile::~NewFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_path_.empty()) unlink(temporary_path_.c_str());
}

absl::StatusOr<NewFile> NewFile::Create(std::string path, bool force) {
  if (path.empty()) return absl::InvalidArgumentError("the name of a file must not be empty");
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0) {
    if (!S_ISREG(info.st_mode)) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is not a regular file"));
    }
    if (!force) return IsThere(path);
  }
  std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  constexpr mode_t kMode = 0666;  // less the umask
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  if (descriptor < 0) return absl::InvalidArgumentError(CannotWrite(path));
  return NewFile(std::move(path), std::move(temporary), descriptor, force);
}

absl::Status NewFile::Append(absl::string_view bytes) {
  bytes_ += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::InternalError(CannotWrite(path_));
    bytes.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::Status NewFile::Commit() {
  if (fsync(descriptor_) != 0) return absl::InternalError(CannotWrite(path_));
  if (force_) {
    if (rename(temporary_path_.c_str(), path_.c_str()) != 0) {
      return absl::InternalError(CannotWrite(path_));
    }
    temporary_path_.clear();
    return absl::OkStatus();
  }
  // Unlike rename, link never replaces a file.
  if (link(temporary_path_.c_str(), path_.c_str()) == 0) return absl::OkStatus();
  if (errno == EEXIST) return IsThere(path_);
  // This file system has no hard links.
  if (access(path_.c_str(), F_OK) == 0) return IsThere(path_);
  if (rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    return absl::InternalError(CannotWrite(path_));
  }
  temporary_path_.clear();
  return absl::OkStatus();
}

}  // namespace runnel::client
