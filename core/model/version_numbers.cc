#include "core/model/version_numbers.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/atomic_file.h"
#include "core/base/disk.h"
#include "core/base/file_error.h"
#include "core/base/folder.h"

namespace runnel {
namespace {

// The number in the name of a model's mark; 0 if the file is none.
int MarkedNumber(absl::string_view file, const std::string& name) {
  int number = 0;
  if (!absl::ConsumePrefix(&file, name) || !absl::ConsumePrefix(&file, ".")) return 0;
  const bool is_number = absl::SimpleAtoi(file, &number) && number > 0;
  return is_number && absl::StrCat(number) == file ? number : 0;
}

absl::Status CreateEmptyFile(const std::string& path) {
  const int descriptor = disk::OpenNew(path);
  if (descriptor < 0) return errno == EEXIST ? absl::OkStatus() : FileError("cannot create", path);
  close(descriptor);
  return absl::OkStatus();
}

}  // namespace

absl::Status VersionNumbers::MakeFolder() const {
  if (disk::MakeFolder(folder_) == 0) {
    return SyncFolder(std::filesystem::path(folder_).parent_path().string());
  }
  return errno == EEXIST ? absl::OkStatus() : FileError("cannot create", folder_);
}

absl::StatusOr<std::unique_ptr<FileLock>> VersionNumbers::Lock() const {
  if (absl::Status status = MakeFolder(); !status.ok()) return status;
  return FileLock::Wait(absl::StrCat(folder_, "/lock"), FileLock::Mode::kExclusive);
}

absl::StatusOr<std::unique_ptr<FileLock>> VersionNumbers::LockAsWriter() const {
  if (absl::Status status = MakeFolder(); !status.ok()) return status;
  return FileLock::Wait(absl::StrCat(folder_, "/writers"), FileLock::Mode::kShared);
}

absl::StatusOr<std::unique_ptr<FileLock>> VersionNumbers::TryLockOutWriters() const {
  if (absl::Status status = MakeFolder(); !status.ok()) return status;
  return FileLock::Try(absl::StrCat(folder_, "/writers"), FileLock::Mode::kExclusive);
}

absl::StatusOr<int> VersionNumbers::Highest(const std::string& name) const {
  const absl::StatusOr<std::vector<std::string>> files = NamesIn(folder_);
  if (absl::IsNotFound(files.status())) return 0;
  if (!files.ok()) return files.status();
  int highest = 0;
  for (const std::string& file : *files) highest = std::max(highest, MarkedNumber(file, name));
  return highest;
}

absl::Status VersionNumbers::Raise(const std::string& name, int version) const {
  const absl::StatusOr<int> before = Highest(name);
  if (!before.ok()) return before.status();
  absl::Status status = CreateEmptyFile(MarkPath(name, version));
  if (status.ok()) status = SyncFolder(folder_);
  if (!status.ok()) return status;
  // If a crash brings the old mark back, the higher one is still there and counts.
  if (*before > 0 && *before < version) disk::Unlink(MarkPath(name, *before));
  return absl::OkStatus();
}

std::string VersionNumbers::MarkPath(const std::string& name, int version) const {
  return absl::StrCat(folder_, "/", name, ".", version);
}

}  // namespace runnel
