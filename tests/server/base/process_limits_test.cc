#include "server/base/process_limits.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/testing/little_memory.h"

namespace runnel::server {
namespace {

// In a child process, whose limits are its own.
int ExitStatusOf(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(MemoryBytes, IsNoMoreThanTheAddressSpaceAndTheData) {
  if (!testing::kMemoryCanBeLimited) GTEST_SKIP() << "a sanitizer needs more memory than the limit";
  for (const int resource : {RLIMIT_AS, RLIMIT_DATA}) {
    EXPECT_EQ(ExitStatusOf([resource] {
                constexpr rlim_t kLimit = rlim_t{96} << 20;
                const rlimit limit = {.rlim_cur = kLimit, .rlim_max = RLIM_INFINITY};
                if (setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return 2;
                return MemoryBytes() == static_cast<int64_t>(kLimit) ? 0 : 1;
              }),
              0);
  }
  EXPECT_GT(MemoryBytes(), int64_t{96} << 20);
}

TEST(UsableProcessors, IsOneOnOneProcessor) {
  EXPECT_EQ(ExitStatusOf([] {
              cpu_set_t all;
              if (sched_getaffinity(0, sizeof(all), &all) != 0) return 2;
              int first = 0;
              while (!CPU_ISSET(first, &all)) ++first;
              cpu_set_t one;
              CPU_ZERO(&one);
              CPU_SET(first, &one);
              if (sched_setaffinity(0, sizeof(one), &one) != 0) return 3;
              return UsableProcessors() == 1 ? 0 : 1;
            }),
            0);
  EXPECT_GE(UsableProcessors(), 1);
}

}  // namespace
}  // namespace runnel::server
