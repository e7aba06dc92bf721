// Threads: how one is started without an exception, and how it is made ready for arithmetic.
#ifndef RUNNEL_CORE_BASE_THREAD_H_
#define RUNNEL_CORE_BASE_THREAD_H_

#include <functional>
#include <thread>

#include "absl/status/statusor.h"

namespace runnel {

// Starts a thread that runs `work`. RESOURCE_EXHAUSTED, with the system's reason, if the system
// refuses another thread: the limit of processes of a user or a container, or memory.
absl::StatusOr<std::thread> StartThread(std::function<void()> work);

// Makes the calling thread flush denormal numbers to zero. Every thread that trains or generates
// calls it once, because denormals make saturated networks many times slower.
void PrepareThreadForMath();

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_THREAD_H_
