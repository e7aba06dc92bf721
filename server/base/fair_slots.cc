#include "server/base/fair_slots.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace runnel::server {

absl::StatusOr<std::unique_ptr<FairSlots::Slot>> FairSlots::Take(const std::string& peer) {
  const int share = IsOneConnection(peer) ? std::max(1, count_ / 2) : count_;
  const MutexLock lock(&mutex_);
  if (taken_ >= count_) {
    return absl::ResourceExhaustedError(
        absl::StrCat(count_, " ", are_under_way_, " already; try again later"));
  }
  int& taken = taken_by_[peer];
  if (taken >= share) {
    return absl::ResourceExhaustedError(absl::StrCat(
        share, " ", are_under_way_, " over this connection already, which is the most ",
        "that one may have; try again later"));
  }
  ++taken;
  ++taken_;
  return std::make_unique<Slot>(this, peer);
}

int FairSlots::taken() const {
  const MutexLock lock(&mutex_);
  return taken_;
}

void FairSlots::GiveBack(const std::string& connection) {
  const MutexLock lock(&mutex_);
  --taken_;
  const auto counted = taken_by_.find(connection);
  if (--counted->second == 0) taken_by_.erase(counted);
}

}  // namespace runnel::server
