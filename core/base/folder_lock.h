// Keeps two processes from using one folder.
#ifndef RUNNEL_CORE_BASE_FOLDER_LOCK_H_
#define RUNNEL_CORE_BASE_FOLDER_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/file_lock.h"

namespace runnel {

// While the lock exists, nobody else can acquire the folder. It is on a file named "lock" in the
// folder, which is made if it is missing. FAILED_PRECONDITION if another process has the folder;
// errors of the file system.
absl::StatusOr<std::unique_ptr<FileLock>> AcquireFolder(const std::string& folder);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FOLDER_LOCK_H_
