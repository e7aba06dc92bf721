#include "core/model/version_numbers.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/atomic_file.h"
#include "core/base/disk.h"
#include "core/base/file_error.h"
#include "core/base/folder.h"
#include "core/model/model_reference.h"

namespace runnel {
namespace {

int NumberOf(const std::map<std::string, int>& numbers, const std::string& name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

// The number in a mark's name, whose dot is at `dot`; 0 if the file is not a mark.
int MarkedNumber(absl::string_view file, size_t dot) {
  if (dot == absl::string_view::npos || !CheckModelName(file.substr(0, dot)).ok()) return 0;
  const absl::string_view digits = file.substr(dot + 1);
  int number = 0;
  const bool is_number = absl::SimpleAtoi(digits, &number) && number > 0;
  return is_number && absl::StrCat(number) == digits ? number : 0;
}

absl::Status CreateEmptyFile(const std::string& path) {
  const int descriptor = disk::OpenNew(path);
  if (descriptor < 0) return errno == EEXIST ? absl::OkStatus() : FileError("cannot create", path);
  close(descriptor);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<VersionNumbers> VersionNumbers::Open(std::string folder) {
  VersionNumbers numbers(std::move(folder));
  const absl::StatusOr<std::vector<std::string>> files = NamesIn(numbers.folder_);
  if (absl::IsNotFound(files.status())) return numbers;
  if (!files.ok()) return files.status();
  for (const std::string& file : *files) {
    const size_t dot = file.find('.');
    const int number = MarkedNumber(file, dot);
    if (number == 0) continue;
    int& mark = numbers.marks_[file.substr(0, dot)];
    mark = std::max(mark, number);
  }
  return numbers;
}

void VersionNumbers::AddFound(const std::string& name, int version) {
  int& found = found_[name];
  found = std::max(found, version);
}

int VersionNumbers::Highest(const std::string& name) const {
  return std::max(NumberOf(marks_, name), NumberOf(found_, name));
}

absl::Status VersionNumbers::Raise(const std::string& name, int version) {
  if (disk::MakeFolder(folder_) == 0) {
    const std::string parent = std::filesystem::path(folder_).parent_path().string();
    if (absl::Status status = SyncFolder(parent); !status.ok()) return status;
  } else if (errno != EEXIST) {
    return FileError("cannot create", folder_);
  }
  absl::Status status = CreateEmptyFile(MarkPath(name, version));
  if (status.ok()) status = SyncFolder(folder_);
  if (!status.ok()) return status;
  // If a crash brings the old mark back, the higher one is still there and counts.
  if (const int before = NumberOf(marks_, name); before > 0) {
    disk::Unlink(MarkPath(name, before));
  }
  marks_[name] = version;
  return absl::OkStatus();
}

std::string VersionNumbers::MarkPath(const std::string& name, int version) const {
  return absl::StrCat(folder_, "/", name, ".", version);
}

}  // namespace runnel
