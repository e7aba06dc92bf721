// The folder of a model store: where its files are, and whether the folder is still the one that
// was opened.
#ifndef RUNNEL_CORE_MODEL_STORE_FOLDER_H_
#define RUNNEL_CORE_MODEL_STORE_FOLDER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/opened_folder.h"

namespace runnel {

// Immutable once opened, so threads may share it.
class StoreFolder {
 public:
  // Makes the folder if it is missing. `report` is as that of OpenedFolder. Errors of the file
  // system.
  static absl::StatusOr<StoreFolder> Open(const std::string& path,
                                          OpenedFolder::Report report = nullptr);

  const std::string& path() const { return folder_.path(); }
  std::string NumbersFolder() const;
  std::string ModelFolder(const std::string& name) const;
  std::string VersionPath(const std::string& name, int version) const;

  // The version that a file of that name is; 0 if the name is not a version's.
  static int VersionOf(absl::string_view file_name);

  // As those of OpenedFolder.
  absl::Status CheckPresent() const { return folder_.CheckPresent(); }
  absl::Status WithRelativePaths(const absl::Status& status) const {
    return folder_.WithRelativePaths(status);
  }
  absl::Status Explain(const absl::Status& status) const { return folder_.Explain(status); }

  // Makes the folder of a model, on disk when this returns, but never the store's folder.
  absl::Status MakeModelFolder(const std::string& name) const;

 private:
  explicit StoreFolder(OpenedFolder folder) : folder_(std::move(folder)) {}

  OpenedFolder folder_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_STORE_FOLDER_H_
