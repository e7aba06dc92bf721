#include "server/base/cgroup.h"

#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace runnel::server {
namespace {

// A mounted hierarchy.
struct Mount {
  std::string root;    // the group that is mounted, "/" for the topmost
  std::string folder;  // where it is mounted
  bool version_2 = false;
  std::vector<std::string> controllers;  // of version 1
};

std::vector<std::string> ReadLines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The hierarchies in /proc/self/mountinfo, whose lines are: id, parent, device, root, folder,
// options, any number of tags, "-", type, source, options of the file system.
std::vector<Mount> ReadMounts(const std::string& root) {
  std::vector<Mount> mounts;
  for (const std::string& line : ReadLines(root + "/proc/self/mountinfo")) {
    const std::pair<std::string, std::string> halves =
        absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    const std::vector<std::string> place = absl::StrSplit(halves.first, ' ');
    const std::vector<std::string> kind = absl::StrSplit(halves.second, ' ');
    constexpr size_t kPlaceFields = 6;
    constexpr size_t kKindFields = 3;
    if (place.size() < kPlaceFields || kind.size() < kKindFields) continue;
    if (kind[0] != "cgroup" && kind[0] != "cgroup2") continue;
    mounts.push_back({.root = place[3],
                      .folder = place[4],
                      .version_2 = kind[0] == "cgroup2",
                      .controllers = absl::StrSplit(kind[2], ',')});
  }
  return mounts;
}

// The group of this process that has the controller (version 1), or the one of version 2 for "".
// Lines of /proc/self/cgroup are "number:controllers:group".
std::optional<std::string> GroupOf(const std::vector<std::string>& lines,
                                   absl::string_view controller) {
  for (const std::string& line : lines) {
    const std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    if (absl::c_linear_search(absl::StrSplit(fields[1], ','), controller)) return fields[2];
  }
  return std::nullopt;
}

// The folders of a group and of those above it that the mount shows, the innermost first. A group
// that the mount does not show is a container's, whose own group is mounted.
std::vector<std::string> Folders(const Mount& mount, absl::string_view group) {
  std::vector<std::string> folders;
  if (mount.root != "/" && !absl::ConsumePrefix(&group, mount.root)) group = "";
  if (absl::StartsWith(group, "/..")) group = "";
  while (!group.empty() && group != "/") {
    folders.push_back(absl::StrCat(mount.folder, group));
    group = group.substr(0, group.rfind('/'));
  }
  folders.push_back(mount.folder);
  return folders;
}

template <typename Number>
std::optional<Number> ReadNumber(const std::string& path) {
  std::ifstream file(path);
  Number number;
  if (file >> number && number > 0) return number;  // "max" and -1 mean no limit
  return std::nullopt;
}

std::optional<double> ReadQuota(const Mount& mount, const std::string& folder) {
  if (!mount.version_2) {
    const auto quota = ReadNumber<double>(folder + "/cpu.cfs_quota_us");
    const auto period = ReadNumber<double>(folder + "/cpu.cfs_period_us");
    return quota && period ? std::optional(*quota / *period) : std::nullopt;
  }
  std::ifstream file(folder + "/cpu.max");  // "max 100000" or "50000 100000"
  double quota = 0;
  double period = 0;
  return file >> quota >> period && period > 0 ? std::optional(quota / period) : std::nullopt;
}

template <typename Number>
void Lower(std::optional<Number> limit, std::optional<Number>* least) {
  if (limit && (!*least || *limit < **least)) *least = limit;
}

}  // namespace

CgroupLimits ReadCgroupLimits(const std::string& root) {
  CgroupLimits limits;
  const std::vector<std::string> groups = ReadLines(root + "/proc/self/cgroup");
  for (const Mount& mount : ReadMounts(root)) {
    const auto has = [&](absl::string_view controller) {
      return mount.version_2 || absl::c_linear_search(mount.controllers, controller);
    };
    for (const absl::string_view controller : {"memory", "cpu"}) {
      const auto group = GroupOf(groups, mount.version_2 ? "" : controller);
      if (!has(controller) || !group) continue;
      for (const std::string& shown : Folders(mount, *group)) {
        const std::string folder = root + shown;
        if (controller == "cpu") {
          Lower(ReadQuota(mount, folder), &limits.processors);
        } else {
          Lower(ReadNumber<int64_t>(folder +
                                    (mount.version_2 ? "/memory.max" : "/memory.limit_in_bytes")),
                &limits.memory_bytes);
        }
      }
    }
  }
  return limits;
}

}  // namespace runnel::server
