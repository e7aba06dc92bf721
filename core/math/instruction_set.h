// The instruction sets that the arithmetic may use. Kernels use the best one that the processor
// has, unless it is limited here: to try the code of another processor, or to train to the same
// bits on different processors.
#ifndef RUNNEL_CORE_MATH_INSTRUCTION_SET_H_
#define RUNNEL_CORE_MATH_INSTRUCTION_SET_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "core/base/enum_table.h"

namespace runnel {

enum class InstructionSet {
  kBest,
  kAvx512,
  kAvx2,      // with fused multiply-add
  kPortable,  // runs on every processor of this architecture
};

inline constexpr EnumTable<InstructionSet, 4> kInstructionSets({{InstructionSet::kBest, "best"},
                                                                {InstructionSet::kAvx512, "avx512"},
                                                                {InstructionSet::kAvx2, "avx2"},
                                                                {InstructionSet::kPortable,
                                                                 "portable"}});

// The name in options.
inline absl::string_view InstructionSetName(InstructionSet set) {
  return kInstructionSets.NameOf(set);
}

// Keeps the whole process from using better instruction sets than `best`, and from those that the
// machine cannot run. Programs call it once, before any arithmetic, with kBest if nothing is to be
// limited.
void LimitInstructionSet(InstructionSet best);

// The instructions that this machine can really run. The processor's flags do not suffice: unless
// the operating system (and the hypervisor) also save the registers, the first such instruction
// ends the process with SIGILL.
struct MachineSupport {
  bool avx2 = false;  // and fused multiply-add
  bool avx512 = false;
};

// Returns those of `targets` that the machine can run. A target is a bit of Highway's, for example
// HWY_AVX2.
int64_t TargetsOf(const MachineSupport& machine, int64_t targets);

// The instruction set that the arithmetic uses, as Highway names it, for example "AVX2".
absl::string_view ChosenInstructionSet();

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_INSTRUCTION_SET_H_
