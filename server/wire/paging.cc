#include "server/wire/paging.h"

namespace runnel::server {

int32_t CheckPageSize(int32_t page_size, Violations* violations) {
  violations->CheckRange<int32_t>("page_size", page_size, 0, kPageSizeMax);
  return page_size == 0 ? kPageSizeDefault : page_size;
}

}  // namespace runnel::server
