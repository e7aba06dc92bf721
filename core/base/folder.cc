#include "core/base/folder.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/disk.h"
#include "core/base/file_error.h"

namespace runnel {

namespace fs = std::filesystem;

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return absl::OkStatus();
  const std::string parent = fs::path(folder).parent_path().string();
  int made = disk::MakeFolder(folder);
  if (made != 0 && errno == ENOENT && !parent.empty() && parent != folder) {
    if (absl::Status status = MakeFolder(parent); !status.ok()) return status;
    made = disk::MakeFolder(folder);
  }
  if (made == 0) return SyncFolder(parent.empty() ? "." : parent);
  if (errno == EEXIST && fs::is_directory(folder, error)) return absl::OkStatus();
  return FileError("cannot make the folder", folder);
}

absl::Status MakeUsableFolder(const std::string& folder) {
  if (absl::Status status = MakeFolder(folder); !status.ok()) return status;
  if (access(folder.c_str(), R_OK | W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot use the folder ", folder));
}

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (!error) return names;
  return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot read the folder ", folder));
}

int64_t FileBytes(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

}  // namespace runnel
