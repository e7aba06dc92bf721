#include "server/base/process_limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <thread>

#include "server/base/cgroup.h"

namespace runnel::server {
namespace {

int64_t ResourceLimit(int resource) {
  rlimit limit = {};
  constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return kUnlimited;
  return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, kUnlimited));
}

// The processors that this process is bound to. A machine may have more than the set of a fixed
// size has room for.
int BoundProcessors() {
  constexpr int kProcessorsMax = 1 << 16;
  const size_t bytes = CPU_ALLOC_SIZE(kProcessorsMax);
  const auto free_set = [](cpu_set_t* set) { CPU_FREE(set); };
  const std::unique_ptr<cpu_set_t, decltype(free_set)> set(CPU_ALLOC(kProcessorsMax), free_set);
  if (set == nullptr || sched_getaffinity(0, bytes, set.get()) != 0) {
    return static_cast<int>(std::thread::hardware_concurrency());
  }
  return CPU_COUNT_S(bytes, set.get());
}

}  // namespace

int64_t MemoryBytes() {
  const int64_t physical = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return std::min({physical, ReadCgroupLimits().memory_bytes.value_or(physical),
                   ResourceLimit(RLIMIT_AS), ResourceLimit(RLIMIT_DATA)});
}

int UsableProcessors() {
  int processors = BoundProcessors();
  if (const auto quota = ReadCgroupLimits().processors) {
    processors = std::min<int>(processors, static_cast<int>(std::ceil(std::min(*quota, 1e6))));
  }
  return std::max(1, processors);
}

}  // namespace runnel::server
