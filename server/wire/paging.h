// The sizes of a list's pages, and their bounds.
#ifndef RUNNEL_SERVER_WIRE_PAGING_H_
#define RUNNEL_SERVER_WIRE_PAGING_H_

#include <cstdint>

#include "core/base/violations.h"

namespace runnel::server {

inline constexpr int32_t kPageSizeDefault = 50;
inline constexpr int32_t kPageSizeMax = 500;

// Returns the page size that a request's `page_size` asks for; 0 asks for the default. Adds a
// violation if it is out of range.
int32_t CheckPageSize(int32_t page_size, Violations* violations);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_PAGING_H_
