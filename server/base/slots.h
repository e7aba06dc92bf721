// Bounds how many things may be under way at a time. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_SLOTS_H_
#define RUNNEL_SERVER_BASE_SLOTS_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel::server {

class Slots {
 public:
  // One or more taken slots, which are given back when this is destroyed.
  class Slot {
   public:
    Slot(Slots* slots, int count) : slots_(*slots), count_(count) {}
    ~Slot() { slots_.taken_ -= count_; }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    Slots& slots_;
    const int count_;
  };

  // `when_taken` begins the message of a refusal, as in "8 models are being imported already".
  Slots(int count, std::string when_taken) : count_(count), when_taken_(std::move(when_taken)) {}

  // RESOURCE_EXHAUSTED if fewer than `count` are free; then none is taken. This must outlive the
  // slot.
  absl::StatusOr<std::unique_ptr<Slot>> Take(int count = 1) {
    int taken = taken_;
    do {
      if (count > count_ - taken) {
        return absl::ResourceExhaustedError(when_taken_ + "; try again later");
      }
    } while (!taken_.compare_exchange_weak(taken, taken + count));
    return std::make_unique<Slot>(this, count);
  }
  int taken() const { return taken_; }

 private:
  const int count_;
  const std::string when_taken_;
  std::atomic<int> taken_ = 0;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_SLOTS_H_
