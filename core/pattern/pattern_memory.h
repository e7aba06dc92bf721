// Bounds the bytes that the kept states of all patterns take together. Thread-safe.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_MEMORY_H_
#define RUNNEL_CORE_PATTERN_PATTERN_MEMORY_H_

#include <atomic>
#include <cstdint>

namespace runnel {

class PatternMemory {
 public:
  explicit PatternMemory(int64_t bytes) : left_(bytes) {}

  // Takes `bytes`. If fewer are left, takes nothing and returns false.
  bool Take(int64_t bytes) {
    if (left_.fetch_sub(bytes) >= bytes) return true;
    GiveBack(bytes);
    return false;
  }
  void GiveBack(int64_t bytes) { left_.fetch_add(bytes); }

 private:
  std::atomic<int64_t> left_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_MEMORY_H_
