#include "core/model/store_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/disk.h"
#include "core/base/file_error.h"

namespace runnel {
namespace {

constexpr absl::string_view kVersionSuffix = ".safetensors";

}  // namespace

absl::StatusOr<StoreFolder> StoreFolder::Open(const std::string& path,
                                              OpenedFolder::Report report) {
  auto folder = OpenedFolder::Open(path, "the folder of the models", std::move(report));
  if (!folder.ok()) return folder.status();
  return StoreFolder(*std::move(folder));
}

std::string StoreFolder::NumbersFolder() const {
  return absl::StrCat(path(), "/.numbers");  // no model's name begins with a dot
}

std::string StoreFolder::ModelFolder(const std::string& name) const {
  return absl::StrCat(path(), "/", name);
}

std::string StoreFolder::VersionPath(const std::string& name, int version) const {
  return absl::StrCat(ModelFolder(name), "/", version, kVersionSuffix);
}

int StoreFolder::VersionOf(absl::string_view file_name) {
  int version = 0;
  if (!absl::EndsWith(file_name, kVersionSuffix)) return 0;
  file_name.remove_suffix(kVersionSuffix.size());
  if (!absl::SimpleAtoi(file_name, &version) || version < 1) return 0;
  return absl::StrCat(version) == file_name ? version : 0;  // "007" and "+7" are not version 7
}

absl::Status StoreFolder::MakeModelFolder(const std::string& name) const {
  if (absl::Status status = CheckPresent(); !status.ok()) return status;
  const std::string folder = ModelFolder(name);
  if (disk::MakeFolder(folder) == 0) return SyncFolder(path());
  struct stat info = {};
  const bool is_there =
      errno == EEXIST && stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  return is_there ? absl::OkStatus() : FileError("cannot make the folder", folder);
}

}  // namespace runnel
