// A count of things that may be under way at a time. Thread-safe.
#ifndef RUNNEL_SERVER_SLOTS_H_
#define RUNNEL_SERVER_SLOTS_H_

#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace runnel::server {

class Slots {
 public:
  // One of them, given back when it is destroyed.
  class Slot {
   public:
    explicit Slot(Slots* slots) : slots_(slots) {}
    ~Slot() {
      const std::lock_guard lock(slots_->mutex_);
      --slots_->taken_;
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    Slots* const slots_;
  };

  explicit Slots(int count) : count_(count) {}

  // RESOURCE_EXHAUSTED if all are taken. `what` names the things in the message: "models are being
  // imported". This must outlive the slot.
  absl::StatusOr<std::unique_ptr<Slot>> Take(absl::string_view what) {
    const std::lock_guard lock(mutex_);
    if (taken_ == count_) {
      return absl::ResourceExhaustedError(
          absl::StrCat(count_, " ", what, " already; try again later"));
    }
    ++taken_;
    return std::make_unique<Slot>(this);
  }

 private:
  const int count_;
  std::mutex mutex_;
  int taken_ = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_SLOTS_H_
