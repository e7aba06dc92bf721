#include "core/base/opened_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/file_error.h"
#include "core/base/folder.h"

namespace runnel {

absl::StatusOr<OpenedFolder> OpenedFolder::Open(std::string path, std::string name, Report report) {
  if (absl::Status status = MakeUsableFolder(path); !status.ok()) return status;
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return FileError("cannot use the folder", path);
  return OpenedFolder(std::move(path), std::move(name), std::move(report), info.st_dev,
                      info.st_ino);
}

absl::Status OpenedFolder::CheckPresent() const {
  struct stat info = {};
  const bool is_there = stat(path_.c_str(), &info) == 0;
  if (is_there && info.st_dev == device_ && info.st_ino == inode_) return absl::OkStatus();
  if (!is_there && errno != ENOENT && errno != ENOTDIR) return FileError("cannot use", name_);
  if (report_ != nullptr) report_(absl::StrCat(name_, ", ", path_, ", was removed or replaced"));
  return absl::FailedPreconditionError(
      absl::StrCat(name_,
                   " was removed or replaced while the server was running; restore it and restart "
                   "the server"));
}

absl::Status OpenedFolder::WithRelativePaths(const absl::Status& status) const {
  if (status.ok()) return status;
  absl::Status relative(
      status.code(),
      absl::StrReplaceAll(status.message(), {{absl::StrCat(path_, "/"), ""}, {path_, name_}}));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    relative.SetPayload(type, payload);
  });
  return relative;
}

absl::Status OpenedFolder::Explain(const absl::Status& status) const {
  if (status.ok()) return status;
  const absl::Status present = CheckPresent();
  return present.ok() ? WithRelativePaths(status) : present;
}

}  // namespace runnel
