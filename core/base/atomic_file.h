// Writes whole files: after a crash or on a full disk, either the old state or the new one is
// there, never a part of a file.
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
  // Returns errors of the file system, for example RESOURCE_EXHAUSTED (the disk is full or a quota
  // is spent), PERMISSION_DENIED or NOT_FOUND.
  static absl::StatusOr<AtomicFile> Create(std::string path);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  absl::Status Append(absl::string_view bytes);
  // The path of the bytes until Commit.
  const std::string& temporary_path() const { return temporary_path_; }
  // Waits until the appended bytes are on the disk. Commit does so too; a caller that holds a lock
  // during Commit calls Sync first.
  absl::Status Sync();
  // Gives the file its name. ALREADY_EXISTS if the name is taken, because nothing is ever
  // overwritten; the caller may then try another name.
  absl::Status Commit() { return CommitAs(path_); }
  // Like Commit, with another name in the same folder.
  absl::Status CommitAs(std::string path);

 private:
  AtomicFile(std::string path, std::string temporary_path, int descriptor);
  std::string path_;
  std::string temporary_path_;
  int descriptor_ = -1;
};

// The ending of the names of temporary files. A reader of the folder ignores such files, or removes
// them when it starts.
inline constexpr absl::string_view kTemporarySuffix = ".tmp";

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes);

// Makes removals and renames inside `folder` survive a crash.
absl::Status SyncFolder(const std::string& folder);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_ATOMIC_FILE_H_
