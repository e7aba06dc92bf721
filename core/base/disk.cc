#include "core/base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel::disk {
namespace {

using Kind = Change::Kind;

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;

std::atomic<Observer*> the_observer = nullptr;

// The path with which a descriptor was opened, unless that file has been renamed since.
std::string PathOf(int descriptor) {
  std::error_code error;
  return std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", descriptor), error).string();
}

// Makes a change by `call`, which returns -1 if it fails, and may complete what the change says.
template <typename Call>
auto Make(Observer* observer, Change change, const Call& call) {
  using Result = decltype(call(change));
  if (const int error = observer->Before(&change); error != 0) {
    errno = error;
    return Result{-1};
  }
  const Result result = call(change);
  if (result >= 0) observer->After(change);
  return result;
}

// The same, where a change costs nothing more if nobody observes.
template <typename Call>
auto Make(Kind kind, const std::string& path, const std::string& to, const Call& call) {
  Observer* const observer = the_observer;
  if (observer != nullptr) return Make(observer, {.kind = kind, .path = path, .to = to}, call);
  Change unobserved;
  return call(unobserved);
}

}  // namespace

int OpenNew(const std::string& path) {
  return Make(Kind::kCreate, path, "", [&](Change&) {
    return open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  });
}

int OpenToAppend(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor >= 0 || errno != ENOENT) return descriptor;
  return Make(Kind::kCreate, path, "", [&](Change&) {
    return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kFileMode);
  });
}

int OpenTemporary(std::string* pattern, absl::string_view suffix) {
  absl::StrAppend(pattern, suffix);
  return Make(Kind::kCreate, *pattern, "", [&](Change& change) {
    const int descriptor = mkostemps(pattern->data(), static_cast<int>(suffix.size()), O_CLOEXEC);
    change.path = *pattern;
    return descriptor;
  });
}

ssize_t Write(int descriptor, absl::string_view bytes) {
  Observer* const observer = the_observer;
  if (observer == nullptr) return write(descriptor, bytes.data(), bytes.size());
  struct stat info = {};
  const off_t at = fstat(descriptor, &info) == 0 ? info.st_size : 0;  // all writers append
  Change change = {.kind = Kind::kWrite, .path = PathOf(descriptor), .bytes = bytes, .offset = at};
  return Make(observer, std::move(change), [&](Change& allowed) {
    const ssize_t count = write(descriptor, allowed.bytes.data(), allowed.bytes.size());
    if (count >= 0) allowed.bytes = allowed.bytes.substr(0, count);
    return count;
  });
}

int Truncate(int descriptor, int64_t bytes) {
  Observer* const observer = the_observer;
  if (observer == nullptr) return ftruncate(descriptor, bytes);
  return Make(observer, {.kind = Kind::kTruncate, .path = PathOf(descriptor), .offset = bytes},
              [&](Change&) { return ftruncate(descriptor, bytes); });
}

int Sync(int descriptor) {
  Observer* const observer = the_observer;
  if (observer == nullptr) return fsync(descriptor);
  return Make(observer, {.kind = Kind::kSync, .path = PathOf(descriptor)},
              [&](Change&) { return fsync(descriptor); });
}

int Rename(const std::string& from, const std::string& to) {
  return Make(Kind::kRename, from, to, [&](Change&) { return rename(from.c_str(), to.c_str()); });
}

int RenameToFreeName(const std::string& from, const std::string& to) {
  return Make(Kind::kRename, from, to, [&](Change&) {
    const int renamed = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
    if (renamed == 0 || errno != EINVAL) return renamed;
    // A file system without RENAME_NOREPLACE.
    if (access(to.c_str(), F_OK) == 0) {
      errno = EEXIST;
      return -1;
    }
    return rename(from.c_str(), to.c_str());
  });
}

int Link(const std::string& from, const std::string& to) {
  return Make(Kind::kLink, from, to, [&](Change&) { return link(from.c_str(), to.c_str()); });
}

int Unlink(const std::string& path) {
  return Make(Kind::kUnlink, path, "", [&](Change&) { return unlink(path.c_str()); });
}

int MakeFolder(const std::string& path) {
  return Make(Kind::kMakeFolder, path, "",
              [&](Change&) { return mkdir(path.c_str(), kFolderMode); });
}

int RemoveFolder(const std::string& path) {
  return Make(Kind::kRemoveFolder, path, "", [&](Change&) { return rmdir(path.c_str()); });
}

void Observe(Observer* observer) { the_observer = observer; }

}  // namespace runnel::disk
