// Vectors whose elements begin at a cache line, so that no vector load crosses two lines.
#ifndef RUNNEL_CORE_MATH_ALIGNED_VECTOR_H_
#define RUNNEL_CORE_MATH_ALIGNED_VECTOR_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace runnel {

inline constexpr std::size_t kCacheLineBytes = 64;

template <typename T>
struct CacheLineAllocator {
  using value_type = T;

  CacheLineAllocator() = default;
  template <typename Other>
  CacheLineAllocator(const CacheLineAllocator<Other>&) {}  // NOLINT: converts, as allocators do

  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{kCacheLineBytes}));
  }
  void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{kCacheLineBytes}); }

  template <typename Other>
  bool operator==(const CacheLineAllocator<Other>&) const {
    return true;
  }
};

template <typename T>
using AlignedVector = std::vector<T, CacheLineAllocator<T>>;

template <typename T>
struct UninitializedAllocator : CacheLineAllocator<T> {
  using CacheLineAllocator<T>::CacheLineAllocator;

  template <typename U>
  void construct(U* p) {
    ::new (static_cast<void*>(p)) U;
  }
  template <typename U, typename... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
};

// An AlignedVector of numbers in which elements that `resize` adds hold anything. Adding gigabytes
// then takes no time, because the system gives each page of memory only when it is first written.
template <typename T>
using UninitializedVector = std::vector<T, UninitializedAllocator<T>>;

// The memory that a vector's elements take.
template <typename T, typename Allocator>
int64_t BytesOf(const std::vector<T, Allocator>& elements) {
  return static_cast<int64_t>(elements.size() * sizeof(T));
}

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_ALIGNED_VECTOR_H_
