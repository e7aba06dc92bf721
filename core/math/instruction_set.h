// Which instruction sets the arithmetic may use. Whatever has several forms takes the best that the
// processor has, unless it is limited here: to try the others' forms, or to train to the same bits
// on processors that differ.
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

// Keeps the whole process from what is better than `best`. Call it before any arithmetic, once.
void LimitInstructionSet(InstructionSet best);

// What the arithmetic runs on, as its library names it: "AVX2".
absl::string_view ChosenInstructionSet();

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_INSTRUCTION_SET_H_
