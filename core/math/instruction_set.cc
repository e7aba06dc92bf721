#include "core/math/instruction_set.h"

#include <cstdint>

#include "hwy/targets.h"

namespace runnel {
namespace {

// One bit a target, better ones lower.
int64_t AllowedTargets() {
  const int64_t targets = hwy::SupportedTargets();
  // Highway 1.0.3 has now chosen as if nothing were disabled.
  hwy::GetChosenTarget().Update(targets);
  return targets;
}

}  // namespace

absl::string_view InstructionSetName(InstructionSet set) {
  switch (set) {
    case InstructionSet::kBest:
      return "best";
    case InstructionSet::kAvx512:
      return "avx512";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kPortable:
      return "portable";
  }
  return "";
}

std::optional<InstructionSet> InstructionSetFromName(absl::string_view name) {
  for (const InstructionSet set : kInstructionSets) {
    if (InstructionSetName(set) == name) return set;
  }
  return std::nullopt;
}

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
  hwy::DisableTargets(target - 1);
  AllowedTargets();
}

absl::string_view ChosenInstructionSet() {
  const int64_t targets = AllowedTargets();
  return hwy::TargetName(targets & -targets);
}

}  // namespace runnel
