#include "core/math/instruction_set.h"

#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/math/instruction_set.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

const char* NameOfTarget() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace runnel {

HWY_EXPORT(NameOfTarget);

namespace {

// Highway 1.0.3 checks whether the system saves the registers only if the processor reports
// OSXSAVE; without OSXSAVE it trusts the processor's flags. The compiler's run-time library treats
// the instruction sets as absent in that case, so it is asked instead.
MachineSupport SupportOfThisMachine() {
#if HWY_ARCH_X86
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return {.avx2 = avx2,
          .avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl")};
#else
  return {.avx2 = true, .avx512 = true};  // Nothing to limit.
#endif
}

// Each target is a bit; better targets are lower bits.
int64_t BetterThan(int64_t target) { return target - 1; }

}  // namespace

int64_t TargetsOf(const MachineSupport& machine, int64_t targets) {
  if (!machine.avx512) targets &= ~(BetterThan(HWY_AVX3) | HWY_AVX3);
  if (!machine.avx2) targets &= ~(BetterThan(HWY_AVX2) | HWY_AVX2);
  return targets;
}

void LimitInstructionSet(InstructionSet best) {
  int64_t disabled = ~TargetsOf(SupportOfThisMachine(), ~int64_t{0});
  switch (best) {
    case InstructionSet::kBest:
      break;
    case InstructionSet::kAvx512:
      disabled |= BetterThan(HWY_AVX3);
      break;
    case InstructionSet::kAvx2:
      disabled |= BetterThan(HWY_AVX2);
      break;
    case InstructionSet::kPortable:
      disabled |= BetterThan(HWY_SCALAR);
      break;
  }
  if (disabled == 0) return;
  hwy::DisableTargets(disabled);
  // Asking Highway 1.0.3 for the supported targets resets its choice, as if none were disabled.
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

absl::string_view ChosenInstructionSet() { return HWY_DYNAMIC_DISPATCH(NameOfTarget)(); }

}  // namespace runnel
#endif  // HWY_ONCE
