// Turns the standard library's report that memory has run out, an exception, into a status. Large
// allocations whose size a request decides run inside of it, so that such a request fails and the
// server keeps running, for instance under `ulimit -v`.
#ifndef RUNNEL_CORE_BASE_OUT_OF_MEMORY_H_
#define RUNNEL_CORE_BASE_OUT_OF_MEMORY_H_

#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace runnel {

// Returns what `work` returns: an absl::Status, an absl::StatusOr, or something else that can be
// made from a status. RESOURCE_EXHAUSTED, saying that there is no memory for `purpose`, if `work`
// runs out of memory.
template <typename Work>
auto OrOutOfMemory(absl::string_view purpose, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there is not enough memory for ", purpose,
                     " on this machine, or within the limits of the server's process"));
  }
}

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_OUT_OF_MEMORY_H_
