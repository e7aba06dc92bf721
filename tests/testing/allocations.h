// Counts the allocations of a piece of code. A program that links allocations.cc has its own
// `operator new`, which serves every thread. Allocations count only while an AllocationCounter
// exists.
#ifndef RUNNEL_TESTS_TESTING_ALLOCATIONS_H_
#define RUNNEL_TESTS_TESTING_ALLOCATIONS_H_

#include <cstdint>
#include <string>

#include "tests/testing/sanitizer.h"

namespace runnel {

// Whether this build counts allocations, and if not, why. A sanitizer has its own `operator new`.
inline constexpr const char* kNoAllocationCounts =
    kSanitizer ? "the sanitizer has its own operator new" : nullptr;

// Counts from its construction until `Stop`. A program may have only one at a time.
class AllocationCounter {
 public:
  AllocationCounter();
  ~AllocationCounter() { Stop(); }
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;

  void Stop();

  int64_t count() const;
  // The most bytes that were allocated at the same time, without those from before the counter.
  int64_t peak_bytes() const;
  // Describes the number of allocations and the sizes of the first few, for the message of a
  // failing test.
  std::string Describe() const;
};

}  // namespace runnel

#endif  // RUNNEL_TESTS_TESTING_ALLOCATIONS_H_
