// Bounds how many log lines of one kind are written in a while, so that a peer that sends one bad
// request after another does not fill a disk. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_LOG_LIMITER_H_
#define RUNNEL_SERVER_BASE_LOG_LIMITER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/mutex.h"

namespace runnel::server {

class LogLimiter {
 public:
  // Of each kind at most `lines_max` lines are written in each `window`, which begins with the
  // first.
  LogLimiter(int lines_max, absl::Duration window) : lines_max_(lines_max), window_(window) {}

  // Whether a line of this kind may be written.
  bool Admit(absl::string_view kind, absl::Time now);

  // Sentences about the lines that were not written in windows that have ended, each once.
  std::vector<std::string> TakeSummaries(absl::Time now);

 private:
  // Kinds beyond these are limited together.
  static constexpr size_t kKindsMax = 200;

  struct Window {
    absl::Time end;
    int lines = 0;
    int64_t suppressed = 0;
  };

  const int lines_max_;
  const absl::Duration window_;
  Mutex mutex_;
  std::map<std::string, Window, std::less<>> windows_ RUNNEL_GUARDED_BY(mutex_);
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_LOG_LIMITER_H_
