#include "server/base/allocator.h"

#include <malloc.h>

namespace runnel::server {
namespace {

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr bool kIsGlibc = true;
#else
constexpr bool kIsGlibc = false;
#endif

// By default each thread may get an arena (up to eight for each processor), and an arena with one
// live block at its end keeps all that was freed before it.
constexpr int kArenasMax = 2;
// Blocks from this size on are mappings of their own, which return to the system when they are
// freed. Setting it also keeps the allocator from raising it to the largest block freed (32 MiB).
constexpr int kMappedBytesMin = 256 << 10;
constexpr int kTrimBytesMin = 1 << 20;

}  // namespace

void TuneAllocator() {
  if constexpr (!kIsGlibc) return;
  mallopt(M_ARENA_MAX, kArenasMax);
  mallopt(M_MMAP_THRESHOLD, kMappedBytesMin);
  mallopt(M_TRIM_THRESHOLD, kTrimBytesMin);
}

void ReturnFreedMemory() {
  if constexpr (kIsGlibc) malloc_trim(0);
}

}  // namespace runnel::server
