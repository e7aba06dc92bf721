#include "core/base/folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file_error.h"
#include "core/base/folder.h"

namespace runnel {

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Acquire(const std::string& folder) {
  if (absl::Status status = MakeFolder(folder); !status.ok()) return status;
  const std::string path = absl::StrCat(folder, "/lock");
  constexpr mode_t kMode = 0644;
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (descriptor < 0) return FileError("cannot use the folder", folder);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const bool is_taken = errno == EWOULDBLOCK;
    absl::Status status = FileError("cannot lock", path);
    if (is_taken) {
      status = absl::FailedPreconditionError(
          absl::StrCat("another server is using the folder ", folder));
    }
    close(descriptor);
    return status;
  }
  return std::unique_ptr<FolderLock>(new FolderLock(descriptor));
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace runnel
