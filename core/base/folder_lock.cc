#include "core/base/folder_lock.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/folder.h"

namespace runnel {

absl::StatusOr<std::unique_ptr<FileLock>> AcquireFolder(const std::string& folder) {
  if (absl::Status status = MakeFolder(folder); !status.ok()) return status;
  auto lock = FileLock::Try(absl::StrCat(folder, "/lock"), FileLock::Mode::kExclusive);
  if (!lock.ok() || *lock != nullptr) return lock;
  return absl::FailedPreconditionError(
      absl::StrCat("another process is using the folder ", folder));
}

}  // namespace runnel
