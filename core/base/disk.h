// The calls by which Runnel changes files and folders that must outlive it.
//
// They are POSIX's, and report errors as those do: by -1 and errno. They go through here so that a
// test can observe each change, let it fail, or learn which changes a loss of power could undo
// (tests/testing/disk_trace.h).
//
// Thread-safe. A descriptor's path is that which it was opened with.
#ifndef RUNNEL_CORE_BASE_DISK_H_
#define RUNNEL_CORE_BASE_DISK_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel::disk {

// Opens a new file for writing, with mode 0644. EEXIST if there is one.
int OpenNew(const std::string& path);
// Opens a file for writing at its end, with mode 0644 if it is new.
int OpenToAppend(const std::string& path);
// Opens a new file for writing whose path is `pattern` with its "XXXXXX", which `suffix` follows,
// replaced. Sets `pattern` to the path.
int OpenTemporary(std::string* pattern, absl::string_view suffix);
// Returns how many bytes were written, which may be fewer than all.
ssize_t Write(int descriptor, absl::string_view bytes);
int Truncate(int descriptor, int64_t bytes);
// Waits until what the file or folder holds is on the disk.
int Sync(int descriptor);

int Rename(const std::string& from, const std::string& to);
// EEXIST if `to` is taken.
int RenameToFreeName(const std::string& from, const std::string& to);
// A second name for a file.
int Link(const std::string& from, const std::string& to);
int Unlink(const std::string& path);
int MakeFolder(const std::string& path);  // with mode 0755
int RemoveFolder(const std::string& path);

struct Change {
  enum class Kind {
    kCreate,
    kWrite,
    kTruncate,
    kSync,
    kRename,
    kLink,
    kUnlink,
    kMakeFolder,
    kRemoveFolder
  };
  Kind kind = Kind::kCreate;
  std::string path;
  std::string to;           // of kRename and kLink
  absl::string_view bytes;  // of kWrite
  int64_t offset = 0;       // of kWrite: where the bytes go; of kTruncate: the new size
};

// For tests. Any thread that changes files calls it, without a lock.
class Observer {
 public:
  virtual ~Observer() = default;
  // Called before each change. Returns 0 to let it happen, or an errno to let it fail instead. May
  // shorten what a write takes.
  virtual int Before(Change* change) = 0;
  // Called after each change that has succeeded.
  virtual void After(const Change& /*change*/) {}
};

// Lets `observer` see all changes from now on; null ends that. The observer must outlive all
// changes that began meanwhile.
void Observe(Observer* observer);

}  // namespace runnel::disk

#endif  // RUNNEL_CORE_BASE_DISK_H_
