#include "server/reading_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel::server {

absl::StatusOr<std::unique_ptr<ReadingPool::Admission>> ReadingPool::Admit() {
  auto admission = std::make_unique<Admission>(this);
  if (active_ <= active_max_) return admission;
  return absl::ResourceExhaustedError(absl::StrCat(
      "this server scores and fills at most ", active_max_, " texts at a time; try again later"));
}

void ReadingPool::Schedule(std::function<void()> slice) {
  // There is room: no more slices wait than texts are admitted.
  executor_.Submit(std::move(slice)).IgnoreError();
}

}  // namespace runnel::server
