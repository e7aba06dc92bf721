#include "tests/testing/allocations.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace runnel {
namespace {

constexpr int64_t kSizesKept = 8;

// These are globals because `operator new` itself uses them, and it must not allocate.
std::atomic<bool> counting = false;
std::atomic<int64_t> allocations = 0;
std::atomic<std::size_t> sizes[kSizesKept];  // bytes, of the first allocations
std::atomic<int64_t> bytes_now = 0;          // allocated since the counter began, and not freed
std::atomic<int64_t> bytes_peak = 0;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* Counted(std::size_t bytes, void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  if (counting) {
    const int64_t i = allocations++;
    if (i < kSizesKept) sizes[i] = bytes;
    const auto taken = static_cast<int64_t>(malloc_usable_size(memory));
    const int64_t now = bytes_now += taken;
    int64_t peak = bytes_peak;
    while (now > peak && !bytes_peak.compare_exchange_weak(peak, now)) continue;
  }
  return memory;
}

void Free(void* memory) noexcept {
  if (counting) bytes_now -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
#endif

}  // namespace

AllocationCounter::AllocationCounter() {
  allocations = 0;
  bytes_now = 0;
  bytes_peak = 0;
  counting = true;
}

void AllocationCounter::Stop() { counting = false; }

int64_t AllocationCounter::count() const { return allocations; }

int64_t AllocationCounter::peak_bytes() const { return bytes_peak; }

std::string AllocationCounter::Describe() const {
  std::string text = std::to_string(count()) + " allocations; bytes of the first:";
  for (int64_t i = 0; i < std::min(count(), kSizesKept); ++i) {
    text += " " + std::to_string(sizes[i].load());
  }
  return text;
}

}  // namespace runnel

// The other forms in the standard library (arrays, nothrow) call these two.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t bytes) {
  return runnel::Counted(bytes, std::malloc(std::max<std::size_t>(bytes, 1)));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  const std::size_t whole = (bytes + align - 1) / align * align;
  return runnel::Counted(bytes, std::aligned_alloc(align, std::max(whole, align)));
}
void operator delete(void* memory) noexcept { runnel::Free(memory); }
void operator delete(void* memory, std::size_t) noexcept { runnel::Free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { runnel::Free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { runnel::Free(memory); }
#endif
