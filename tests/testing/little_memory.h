// Runs a piece of code in a child process that can allocate only a little more memory, as under
// `ulimit -v`.
#ifndef RUNNEL_TESTS_TESTING_LITTLE_MEMORY_H_
#define RUNNEL_TESTS_TESTING_LITTLE_MEMORY_H_

#include <malloc.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <functional>

#include "tests/testing/sanitizer.h"

namespace runnel::testing {

// Whether such a limit can work in this build. A sanitizer reserves terabytes of addresses.
inline constexpr bool kMemoryCanBeLimited = !kSanitizer;

// The child's exit status: 0 if `work` returned true, 1 if it returned false, or -1 if a signal
// ended it. `work` must not rely on other threads, because the child has none.
inline int RunWithLittleMemory(int64_t more_bytes, const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    malloc_trim(0);  // or free memory of the heap would be granted in addition
    int64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t bytes = static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE) + more_bytes);
    const rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
    _exit(work() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace runnel::testing

#endif  // RUNNEL_TESTS_TESTING_LITTLE_MEMORY_H_
