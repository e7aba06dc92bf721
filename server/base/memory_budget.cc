#include "server/base/memory_budget.h"

#include "absl/strings/str_cat.h"

namespace runnel::server {

MemoryBudget::Claim::~Claim() {
  const MutexLock lock(&budget_->mutex_);
  budget_->taken_ -= bytes_;
}

absl::StatusOr<std::unique_ptr<MemoryBudget::Claim>> MemoryBudget::Take(int64_t bytes,
                                                                        absl::string_view what) {
  {
    const MutexLock lock(&mutex_);
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
