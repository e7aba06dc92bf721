// Runs a piece of code in a child process to which the system grants no further thread.
#ifndef RUNNEL_TESTS_TESTING_WITHOUT_THREADS_H_
#define RUNNEL_TESTS_TESTING_WITHOUT_THREADS_H_

#include <grp.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace runnel::testing {

// What RunWithoutThreads returns if this machine cannot set the limit.
inline constexpr int kLimitNotAvailable = 77;

// The child's exit status: what `work` returned, kLimitNotAvailable, or -1 if a signal ended it.
inline int RunWithoutThreads(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    // The limit does not bind root, so root becomes nobody.
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) _exit(kLimitNotAvailable);
    const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(kLimitNotAvailable);
    _exit(work());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace runnel::testing

#endif  // RUNNEL_TESTS_TESTING_WITHOUT_THREADS_H_
