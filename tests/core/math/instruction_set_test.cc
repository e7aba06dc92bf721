#include "core/math/instruction_set.h"

#include <gtest/gtest.h>

#include "hwy/targets.h"

namespace runnel {
namespace {

TEST(InstructionSet, TargetsOf_AreThoseWhoseRegistersTheSystemSaves) {
  constexpr int64_t kAll = HWY_AVX3_DL | HWY_AVX3 | HWY_AVX2 | HWY_SSE4 | HWY_SCALAR;
  EXPECT_EQ(TargetsOf({.avx2 = true, .avx512 = true}, kAll), kAll);
  EXPECT_EQ(TargetsOf({.avx2 = true}, kAll), HWY_AVX2 | HWY_SSE4 | HWY_SCALAR);
  EXPECT_EQ(TargetsOf({}, kAll), HWY_SSE4 | HWY_SCALAR);
  EXPECT_EQ(TargetsOf({.avx2 = true}, HWY_SCALAR), HWY_SCALAR);
}

#if HWY_ARCH_X86
// The test program has called LimitInstructionSet.
TEST(InstructionSet, SupportedOnes_AreThoseWhoseRegistersTheSystemSaves) {
  const int64_t supported = hwy::SupportedTargets();
  hwy::GetChosenTarget().Update(supported);  // which the question has set to the processor's best
  const bool avx512 = __builtin_cpu_supports("avx512f");
  const bool avx2 = __builtin_cpu_supports("avx2");
  EXPECT_EQ(supported & (avx512 ? 0 : HWY_AVX3), 0);
  EXPECT_EQ(supported & (avx2 ? 0 : HWY_AVX2), 0);
}
#endif

}  // namespace
}  // namespace runnel
