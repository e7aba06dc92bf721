// The memory and the processors that this process may use, which may be less than the machine has.
#ifndef RUNNEL_SERVER_BASE_PROCESS_LIMITS_H_
#define RUNNEL_SERVER_BASE_PROCESS_LIMITS_H_

#include <cstdint>

namespace runnel::server {

// Bytes of memory: the least of the machine's memory, the limits of the control groups, and the
// limits of this process's address space and data.
int64_t MemoryBytes();

// The processors that this process is bound to, but no more than its CPU quota, rounded up. At
// least 1.
int UsableProcessors();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_PROCESS_LIMITS_H_
