// The limits that a container or systemd sets by control groups, versions 1 and 2.
//
// A process is in one group of each hierarchy; the limits of all groups above that one hold too.
#ifndef RUNNEL_SERVER_BASE_CGROUP_H_
#define RUNNEL_SERVER_BASE_CGROUP_H_

#include <cstdint>
#include <optional>
#include <string>

namespace runnel::server {

struct CgroupLimits {
  std::optional<int64_t> memory_bytes;
  std::optional<double> processors;  // the CPU quota: seconds of processor time a second
};

// The least limits over this process's groups and those above them, as far as they can be seen
// from here. Reads `root`/proc/self/{cgroup,mountinfo} and the mounted folders, also under `root`;
// what cannot be read sets no limit.
CgroupLimits ReadCgroupLimits(const std::string& root = "");

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_CGROUP_H_
