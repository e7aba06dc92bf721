// The instruction sets that the arithmetic may use. Kernels use the best one that the processor
// has, unless it is limited here: to try the code of another processor, or to train to the same
// bits on different processors.
#ifndef RUNNEL_CORE_MATH_INSTRUCTION_SET_H_
#define RUNNEL_CORE_MATH_INSTRUCTION_SET_H_

#include "absl/strings/string_view.h"

namespace runnel {

enum class InstructionSet {
  kBest,
  kAvx512,
  kAvx2,      // with fused multiply-add
  kPortable,  // what every processor of this architecture has
};

inline constexpr InstructionSet kInstructionSets[] = {
    InstructionSet::kBest, InstructionSet::kAvx512, InstructionSet::kAvx2,
    InstructionSet::kPortable};

// The name in options: "best", "avx512", "avx2", "portable".
absl::string_view InstructionSetName(InstructionSet set);

// Keeps the whole process from using better instruction sets than `best`. Call it once, before any
// arithmetic.
void LimitInstructionSet(InstructionSet best);

// The instruction set that the arithmetic uses, as Highway names it, for example "AVX2".
absl::string_view ChosenInstructionSet();

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_INSTRUCTION_SET_H_
