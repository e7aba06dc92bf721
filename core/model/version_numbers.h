// Remembers the highest number that a version of each model has ever had, so that no number is
// given to a second version, whatever has been deleted in the meantime.
//
// A model's mark is an empty file `<folder>/<name>.<number>`. The number is the file's name, so a
// mark is either there or not: it cannot be half written or damaged. Marks outlive their models.
// For one thread at a time.
#ifndef RUNNEL_CORE_MODEL_VERSION_NUMBERS_H_
#define RUNNEL_CORE_MODEL_VERSION_NUMBERS_H_

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel {

class VersionNumbers {
 public:
  // Reads the marks in `folder`, which need not exist. Errors of the file system, because without
  // the marks a number could come back.
  static absl::StatusOr<VersionNumbers> Open(std::string folder);

  // A version whose file was found. A data folder of release 0.1 has files but no marks.
  void AddFound(const std::string& name, int version);

  // 0 if the model never had a version.
  int Highest(const std::string& name) const;

  // Makes `version`, which is above the highest so far, the highest: on disk, when this returns.
  // Errors of the file system; then the highest is as before.
  absl::Status Raise(const std::string& name, int version);

 private:
  explicit VersionNumbers(std::string folder) : folder_(std::move(folder)) {}
  std::string MarkPath(const std::string& name, int version) const;

  std::string folder_;
  std::map<std::string, int> marks_;  // as on the disk
  std::map<std::string, int> found_;  // of the files found
};

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_VERSION_NUMBERS_H_
