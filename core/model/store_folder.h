// The folder of a model store: where its files are, and whether the folder is still the one that
// was opened.
#ifndef RUNNEL_CORE_MODEL_STORE_FOLDER_H_
#define RUNNEL_CORE_MODEL_STORE_FOLDER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

// Immutable once opened, so threads may share it.
class StoreFolder {
 public:
  // Makes the folder if it is missing. Errors of the file system.
  static absl::StatusOr<StoreFolder> Open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string NumbersFolder() const;
  std::string ModelFolder(const std::string& name) const;
  std::string VersionPath(const std::string& name, int version) const;

  // The version that a file of that name is; 0 if the name is not a version's.
  static int VersionOf(absl::string_view file_name);

  // FAILED_PRECONDITION if the path does not lead to the folder that was opened any more. A new
  // folder there would be without the lock that the server holds.
  absl::Status CheckPresent() const;

  // Makes the folder of a model, on disk when this returns, but never the store's folder.
  absl::Status MakeModelFolder(const std::string& name) const;

  // The status with paths in its message made relative to this folder: what lies above is not for
  // clients to know.
  absl::Status WithRelativePaths(const absl::Status& status) const;

 private:
  StoreFolder(std::string path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}

  std::string path_;
  dev_t device_;
  ino_t inode_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_STORE_FOLDER_H_
