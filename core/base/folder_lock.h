// Keeps two processes from using one folder.
#ifndef RUNNEL_CORE_BASE_FOLDER_LOCK_H_
#define RUNNEL_CORE_BASE_FOLDER_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace runnel {

// While this exists, no other process can acquire the folder. The lock is an flock on a file named
// "lock" in the folder, so it ends with the process, however that ends.
class FolderLock {
 public:
  // Makes the folder if it is missing. FAILED_PRECONDITION if another process has the folder;
  // errors of the file system.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Acquire(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FOLDER_LOCK_H_
