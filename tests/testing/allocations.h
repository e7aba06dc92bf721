// Counts what a piece of code allocates. A program that links allocations.cc has its own `operator
// new`, which every thread's allocations pass through; they count only while a counter stands.
#ifndef RUNNEL_TESTS_TESTING_ALLOCATIONS_H_
#define RUNNEL_TESTS_TESTING_ALLOCATIONS_H_

#include <cstdint>
#include <string>

namespace runnel {

// Whether this build counts; if not, why. A sanitizer brings an `operator new` of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr const char* kNoAllocationCounts = "the sanitizer has its own operator new";
#else
inline constexpr const char* kNoAllocationCounts = nullptr;
#endif

// Counts from its construction to `Stop`. One at a time in a program.
class AllocationCounter {
 public:
  AllocationCounter();
  ~AllocationCounter() { Stop(); }
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;

  void Stop();

  int64_t count() const;
  // Says how many there were and how large the first few are, for a test that fails.
  std::string Describe() const;
};

}  // namespace runnel

#endif  // RUNNEL_TESTS_TESTING_ALLOCATIONS_H_
