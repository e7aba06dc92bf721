// Records how a folder changes, and lays out what a process that was killed or a machine that lost
// its power at any moment would have left of it.
//
// A file or folder that was not synced may keep any of the changes since its last sync and lose the
// others: a rename may outlive the bytes of what it renamed, a write may be cut short or be there
// without the one before it. A power failure is drawn by a seed.
#ifndef RUNNEL_TESTS_TESTING_DISK_TRACE_H_
#define RUNNEL_TESTS_TESTING_DISK_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/disk.h"
#include "core/base/mutex.h"

namespace runnel::testing {

class DiskTrace : public disk::Observer {
 public:
  // Records all changes below `folder`, which exists, until it is destroyed. What the folder holds
  // now counts as synced.
  explicit DiskTrace(const std::string& folder);
  ~DiskTrace() override;

  size_t changes() const;
  // For messages: "write jobs/1/reports".
  std::string Describe(size_t change) const;

  // Fills the empty folder `to` with what a process that was killed after `count` changes leaves.
  void LayOutKilled(size_t count, const std::string& to) const;
  // The same for a loss of power. Seed 0 loses everything that was not synced, seed 1 only the
  // bytes of files, and others what they draw.
  void LayOutPowerless(size_t count, uint64_t seed, const std::string& to) const;

 private:
  struct Recorded {
    disk::Change change;  // paths relative to the folder
    std::string bytes;
  };

  class Disk;

  // The disk after the first `count` changes.
  std::unique_ptr<const Disk> DiskAfter(size_t count) const;
  int Before(disk::Change* /*change*/) override { return 0; }
  void After(const disk::Change& change) override;

  const std::string folder_;
  std::map<std::string, std::string> files_at_start_;  // contents by path
  std::vector<std::string> folders_at_start_;          // parents first
  mutable Mutex mutex_;
  std::vector<Recorded> recorded_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::testing

#endif  // RUNNEL_TESTS_TESTING_DISK_TRACE_H_
