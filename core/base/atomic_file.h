// Writes whole files so that a crash or a full disk leaves either the old state or the new one,
// never a part.
#ifndef RUNNEL_CORE_BASE_ATOMIC_FILE_H_
#define RUNNEL_CORE_BASE_ATOMIC_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

// A file that appears under its name only when `Commit` has succeeded: temporary file in the same
// folder, fsync, rename, fsync of the folder. Without Commit the destructor removes the temporary
// file.
class AtomicFile {
 public:
  // Errors of the file system: RESOURCE_EXHAUSTED (disk full, quota), PERMISSION_DENIED, NOT_FOUND,
  // ...
  static absl::StatusOr<AtomicFile> Create(std::string path);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  absl::Status Append(absl::string_view bytes);
  // Where the bytes are until then.
  const std::string& temporary_path() const { return temporary_path_; }
  // Brings what was appended to the disk; Commit does so too, but a caller may want to wait for it
  // elsewhere.
  absl::Status Sync();
  // ALREADY_EXISTS if the name is taken: nothing is ever overwritten. After that, another name may
  // be tried.
  absl::Status Commit() { return CommitAs(path_); }
  // Under another name in the same folder.
  absl::Status CommitAs(std::string path);

 private:
  AtomicFile(std::string path, std::string temporary_path, int descriptor);
  std::string path_;
  std::string temporary_path_;
  int descriptor_ = -1;
};

// The name ending of temporary files; a reader of the folder ignores (or, at start, removes) them.
inline constexpr absl::string_view kTemporarySuffix = ".tmp";

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes);

// Makes a removal or rename inside `folder` survive a crash.
absl::Status SyncFolder(const std::string& folder);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_ATOMIC_FILE_H_
