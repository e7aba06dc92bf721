// Pages of a list: sizes and their bounds.
#ifndef RUNNEL_SERVER_WIRE_PAGING_H_
#define RUNNEL_SERVER_WIRE_PAGING_H_

#include <cstdint>

#include "core/base/violations.h"

namespace runnel::server {

inline constexpr int32_t kPageSizeDefault = 50;
inline constexpr int32_t kPageSizeMax = 500;

// The page size that a request's `page_size` asks for, 0 being the default; a violation if it is
// out of range.
int32_t CheckPageSize(int32_t page_size, Violations* violations);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_PAGING_H_
