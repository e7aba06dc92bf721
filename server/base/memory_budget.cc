#include "server/base/memory_budget.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace runnel::server {

int64_t MemoryBytes() {
  const int64_t physical = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  int64_t limit = 0;
  std::ifstream file("/sys/fs/cgroup/memory.max");  // "max", or a container's limit
  return file >> limit && limit > 0 ? std::min(physical, limit) : physical;
}

MemoryBudget::Claim::~Claim() {
  const std::lock_guard lock(budget_->mutex_);
  budget_->taken_ -= bytes_;
}

absl::StatusOr<std::unique_ptr<MemoryBudget::Claim>> MemoryBudget::Take(int64_t bytes,
                                                                        absl::string_view what) {
  {
    const std::lock_guard lock(mutex_);
    if (bytes > bytes_max_ - taken_) {
      return absl::ResourceExhaustedError(absl::StrCat(what, " needs ", bytes, " bytes of memory; ",
                                                       bytes_max_ - taken_, " of ", bytes_max_,
                                                       " are free"));
    }
    taken_ += bytes;
  }
  return std::make_unique<Claim>(this, bytes);
}

}  // namespace runnel::server
