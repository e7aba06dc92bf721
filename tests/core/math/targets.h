// Runs a test on every instruction set that this machine has and the library was built for.
#ifndef RUNNEL_TESTS_CORE_MATH_TARGETS_H_
#define RUNNEL_TESTS_CORE_MATH_TARGETS_H_

#include <cstdint>
#include <vector>

#include "hwy/targets.h"

namespace runnel {

// While this lives, Highway's dispatch takes the machine for one whose best instruction set is
// `target`, and picks the best that the library was built for.
class ScopedTarget {
 public:
  explicit ScopedTarget(int64_t target) {
    // Highway's better targets are lower bits.
    hwy::SetSupportedTargetsForTest(hwy::SupportedTargets() & ~(target - 1));
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  ~ScopedTarget() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  ScopedTarget(const ScopedTarget&) = delete;
  ScopedTarget& operator=(const ScopedTarget&) = delete;
};

// One bit each, best first; the last is the compiler's baseline.
inline std::vector<int64_t> MachineTargets() {
  std::vector<int64_t> targets;
  const int64_t supported = hwy::SupportedTargets();
  hwy::GetChosenTarget().Update(supported);  // which the question has set to the processor's best
  for (int64_t left = supported; left != 0; left &= left - 1) {
    targets.push_back(left & -left);
  }
  return targets;
}

// Those with fused multiply-add, where decoding promises the same bits.
inline std::vector<int64_t> FusedTargets() {
  std::vector<int64_t> fused;
  for (const int64_t target : MachineTargets()) {
#if HWY_ARCH_X86
    if (target <= HWY_AVX2) fused.push_back(target);
#else
    fused.push_back(target);
#endif
  }
  return fused;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MATH_TARGETS_H_
