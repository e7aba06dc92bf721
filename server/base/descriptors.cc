#include "server/base/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel::server {
namespace {

// The descriptors that are kept free for model files, corpora and gRPC itself.
constexpr int64_t kDescriptorsOfFiles = 256;

}  // namespace

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int64_t DescriptorLimit() {
  rlimit limit = {};
  constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  return static_cast<int64_t>(limit.rlim_cur);
}

absl::StatusOr<int> ConnectionsMax(int wanted, int64_t descriptor_limit) {
  // A very low limit is shared evenly.
  const int64_t possible = std::max(descriptor_limit - kDescriptorsOfFiles, descriptor_limit / 2);
  if (wanted == 0) return static_cast<int>(std::min<int64_t>(possible, kConnectionsDefaultMax));
  if (wanted <= possible) return wanted;
  return absl::InvalidArgumentError(absl::StrCat(
      "--max-connections is ", wanted, "; this process may have ", descriptor_limit,
      " file descriptors (ulimit -n), which leaves at most ", possible, " for connections"));
}

}  // namespace runnel::server
