// A folder that a server uses for as long as it runs, and whether its path still leads to it.
#ifndef RUNNEL_CORE_BASE_OPENED_FOLDER_H_
#define RUNNEL_CORE_BASE_OPENED_FOLDER_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel {

// Immutable once opened, so threads may share it.
class OpenedFolder {
 public:
  // Is told, in a sentence for the operator's log, that the folder is gone. Called from any thread.
  using Report = std::function<void(const std::string&)>;

  // Makes the folder if it is missing. `name` is what messages call it, such as "the folder of the
  // models". `report` may be null. Errors of the file system.
  static absl::StatusOr<OpenedFolder> Open(std::string path, std::string name,
                                           Report report = nullptr);

  const std::string& path() const { return path_; }

  // FAILED_PRECONDITION if the path does not lead to the folder that was opened any more. A new
  // folder there would be without the lock that the server holds. Then reports that. Errors of the
  // file system if it cannot be told.
  absl::Status CheckPresent() const;

  // Returns the status with the paths in its message made relative to this folder, because clients
  // should not learn where the server keeps its files.
  absl::Status WithRelativePaths(const absl::Status& status) const;

  // Why an operation in the folder has failed with `status`: the folder is gone, or that status
  // with relative paths. OK if the status is.
  absl::Status Explain(const absl::Status& status) const;

 private:
  OpenedFolder(std::string path, std::string name, Report report, dev_t device, ino_t inode)
      : path_(std::move(path)),
        name_(std::move(name)),
        report_(std::move(report)),
        device_(device),
        inode_(inode) {}

  std::string path_;
  std::string name_;
  Report report_;
  dev_t device_;
  ino_t inode_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_OPENED_FOLDER_H_
