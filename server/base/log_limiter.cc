#include "server/base/log_limiter.h"

#include "absl/strings/str_cat.h"

namespace runnel::server {

bool LogLimiter::Admit(absl::string_view kind, absl::Time now) {
  const MutexLock lock(&mutex_);
  auto found = windows_.find(kind);
  if (found == windows_.end()) {
    const absl::string_view name = windows_.size() < kKindsMax ? kind : "other lines";
    found = windows_.try_emplace(std::string(name), Window{.end = now + window_}).first;
  }
  Window& window = found->second;
  // A window that has suppressed lines is not renewed here: TakeSummaries reports them and removes
  // the window.
  if (now >= window.end && window.suppressed == 0) window = {.end = now + window_};
  if (window.lines < lines_max_) {
    ++window.lines;
    return true;
  }
  ++window.suppressed;
  return false;
}

std::vector<std::string> LogLimiter::TakeSummaries(absl::Time now) {
  std::vector<std::string> summaries;
  const MutexLock lock(&mutex_);
  for (auto it = windows_.begin(); it != windows_.end();) {
    if (now < it->second.end) {
      ++it;
      continue;
    }
    if (it->second.suppressed > 0) {
      summaries.push_back(absl::StrCat(it->second.suppressed, " more lines of the kind \"",
                                       it->first, "\" were not written within ",
                                       absl::FormatDuration(window_)));
    }
    it = windows_.erase(it);
  }
  return summaries;
}

}  // namespace runnel::server
