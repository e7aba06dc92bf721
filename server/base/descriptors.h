// How many files and connections the system lets this process have open.
#ifndef RUNNEL_SERVER_BASE_DESCRIPTORS_H_
#define RUNNEL_SERVER_BASE_DESCRIPTORS_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace runnel::server {

// Raises the limit of descriptors as far as this process may: to the hard limit.
void RaiseDescriptorLimit();

// The descriptors that this process may have.
int64_t DescriptorLimit();

// The number of connections to accept. `wanted` 0 means as many as the limit of descriptors allows,
// less those that files need, and at most kConnectionsDefaultMax. INVALID_ARGUMENT if `wanted` is
// more than the limit allows.
inline constexpr int kConnectionsDefaultMax = 10'000;
absl::StatusOr<int> ConnectionsMax(int wanted, int64_t descriptor_limit);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_DESCRIPTORS_H_
