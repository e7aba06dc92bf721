// Memory that requests may claim, counted in bytes before it is allocated, so that a request that
// does not fit is refused before the system kills the server. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_MEMORY_BUDGET_H_
#define RUNNEL_SERVER_BASE_MEMORY_BUDGET_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/mutex.h"

namespace runnel::server {

class MemoryBudget {
 public:
  // Bytes that are claimed, until this is destroyed.
  class Claim {
   public:
    Claim(MemoryBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    MemoryBudget* const budget_;
    const int64_t bytes_;
  };

  explicit MemoryBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}

  int64_t bytes_max() const { return bytes_max_; }
  // The bytes that are claimed.
  int64_t taken() const RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    return taken_;
  }

  // RESOURCE_EXHAUSTED if other claims leave too few bytes. The message says what needs them in the
  // words of `what`. The budget must outlive the claim.
  absl::StatusOr<std::unique_ptr<Claim>> Take(int64_t bytes, absl::string_view what)
      RUNNEL_EXCLUDES(mutex_);

 private:
  const int64_t bytes_max_;
  mutable Mutex mutex_;
  int64_t taken_ RUNNEL_GUARDED_BY(mutex_) = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_MEMORY_BUDGET_H_
