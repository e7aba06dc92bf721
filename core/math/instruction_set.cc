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

void LimitInstructionSet(InstructionSet best) {
  int64_t target = 0;
  switch (best) {
    case InstructionSet::kBest:
      return;
    case InstructionSet::kAvx512:
      target = HWY_AVX3;
      break;
    case InstructionSet::kAvx2:
      target = HWY_AVX2;
      break;
    case InstructionSet::kPortable:
      target = HWY_SCALAR;
      break;
  }
  hwy::DisableTargets(target - 1);  // Each target is a bit; better targets are lower bits.
  // Asking Highway 1.0.3 for the supported targets resets its choice, as if none were disabled.
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

absl::string_view ChosenInstructionSet() { return HWY_DYNAMIC_DISPATCH(NameOfTarget)(); }

}  // namespace runnel
#endif  // HWY_ONCE
