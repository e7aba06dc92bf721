#include "core/base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/disk.h"
#include "core/base/file_error.h"

namespace runnel {
namespace {

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

}  // namespace

AtomicFile::AtomicFile(std::string path, std::string temporary_path, int descriptor)
    : path_(std::move(path)), temporary_path_(std::move(temporary_path)), descriptor_(descriptor) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::exchange(other.temporary_path_, "")),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_path_.empty()) disk::Unlink(temporary_path_);
}

absl::StatusOr<AtomicFile> AtomicFile::Create(std::string path) {
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  const int descriptor = disk::OpenTemporary(&temporary, kTemporarySuffix);
  if (descriptor < 0) return FileError("cannot create", path);
  return AtomicFile(std::move(path), std::move(temporary), descriptor);
}

absl::Status AtomicFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = disk::Write(descriptor_, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("cannot write", path_);
    bytes.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::Sync() {
  return disk::Sync(descriptor_) == 0 ? absl::OkStatus() : FileError("cannot write", path_);
}

absl::Status AtomicFile::CommitAs(std::string path) {
  path_ = std::move(path);
  constexpr mode_t kMode = 0644;
  if (fchmod(descriptor_, kMode) != 0) return FileError("cannot write", path_);
  if (absl::Status status = Sync(); !status.ok()) return status;
  if (disk::RenameToFreeName(temporary_path_, path_) != 0) return FileError("cannot create", path_);
  temporary_path_.clear();
  absl::Status status = SyncFolder(FolderOf(path_));
  if (!status.ok()) disk::Unlink(path_);
  return status;
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes) {
  absl::StatusOr<AtomicFile> file = AtomicFile::Create(path);
  if (!file.ok()) return file.status();
  if (absl::Status status = file->Append(bytes); !status.ok()) return status;
  return file->Commit();
}

absl::Status SyncFolder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return FileError("cannot open", folder);
  const bool synced = disk::Sync(descriptor) == 0;
  absl::Status status = synced ? absl::OkStatus() : FileError("cannot write", folder);
  close(descriptor);
  return status;
}

}  // namespace runnel
