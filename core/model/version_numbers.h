// Remembers the highest number that a version of each model has ever had, so that no number is
// given to a second version, whatever has been deleted in the meantime.
//
// A model's mark is an empty file `<folder>/<name>.<number>`. The number is the file's name, so a
// mark is either there or not: it cannot be half written or damaged. Marks outlive their models.
// Several processes may give numbers: one that does holds the lock. For one thread at a time.
#ifndef RUNNEL_CORE_MODEL_VERSION_NUMBERS_H_
#define RUNNEL_CORE_MODEL_VERSION_NUMBERS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file_lock.h"

namespace runnel {

class VersionNumbers {
 public:
  // The marks in `folder`, which need not exist.
  explicit VersionNumbers(std::string folder) : folder_(std::move(folder)) {}

  // The lock of a process that gives a number. Makes the folder if it is missing. UNAVAILABLE if
  // another process holds the lock for seconds; errors of the file system.
  absl::StatusOr<std::unique_ptr<FileLock>> Lock() const;

  // The lock that processes hold together while they write files that have no number yet. As Lock.
  absl::StatusOr<std::unique_ptr<FileLock>> LockAsWriter() const;
  // Keeps writers out while it is held; null if there is one. Errors of the file system.
  absl::StatusOr<std::unique_ptr<FileLock>> TryLockOutWriters() const;

  // The highest mark of a model; 0 if there is none. (A data folder of release 0.1 has versions
  // without marks.) Errors of the file system, because without the marks a number could come back.
  absl::StatusOr<int> Highest(const std::string& name) const;

  // Makes `version`, which is above the highest so far, the highest: on disk, when this returns.
  // The folder exists. Errors of the file system; then the highest is as before.
  absl::Status Raise(const std::string& name, int version) const;

 private:
  absl::Status MakeFolder() const;
  std::string MarkPath(const std::string& name, int version) const;

  std::string folder_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_VERSION_NUMBERS_H_
