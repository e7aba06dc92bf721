// A lock between processes: an flock on a file, which ends with the process, however that ends.
#ifndef RUNNEL_CORE_BASE_FILE_LOCK_H_
#define RUNNEL_CORE_BASE_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace runnel {

// While this exists, no other lock on the same file is held, in this process or another one, unless
// both are shared.
class FileLock {
 public:
  enum class Mode { kShared, kExclusive };

  // Makes the file if it is missing. Returns null if the lock is taken; errors of the file system.
  static absl::StatusOr<std::unique_ptr<FileLock>> Try(const std::string& path, Mode mode);
  // Waits up to ten seconds for the lock; then UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<FileLock>> Wait(const std::string& path, Mode mode);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FILE_LOCK_H_
