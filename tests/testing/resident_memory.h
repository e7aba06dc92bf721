// The memory that this process has in the machine.
#ifndef RUNNEL_TESTS_TESTING_RESIDENT_MEMORY_H_
#define RUNNEL_TESTS_TESTING_RESIDENT_MEMORY_H_

#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "tests/testing/sanitizer.h"

namespace runnel::testing {

// Whether the resident memory shows what the process holds. A sanitizer keeps memory that was
// freed, and writes to memory that was only reserved.
inline constexpr bool kResidentMemoryTells = !kSanitizer;

inline int64_t ResidentBytes() {
  int64_t addresses = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> addresses >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace runnel::testing

#endif  // RUNNEL_TESTS_TESTING_RESIDENT_MEMORY_H_
