// Lets test programs and benchmarks obey RUNNEL_INSTRUCTION_SET, as the server does.
#ifndef RUNNEL_TESTS_TESTING_INSTRUCTION_SET_H_
#define RUNNEL_TESTS_TESTING_INSTRUCTION_SET_H_

#include <cstdlib>
#include <iostream>

#include "core/math/instruction_set.h"

namespace runnel {

// Limits the instruction set by the variable and prints the chosen one. Returns false, after a
// message, if the variable names no instruction set.
inline bool LimitInstructionSetByEnvironment() {
  const char* name = std::getenv("RUNNEL_INSTRUCTION_SET");
  const auto set = name == nullptr ? InstructionSet::kBest : kInstructionSets.Find(name);
  if (!set) {
    std::cerr << "RUNNEL_INSTRUCTION_SET: there is no \"" << name << "\"\n";
    return false;
  }
  LimitInstructionSet(*set);
  std::cerr << "instruction set: " << ChosenInstructionSet() << std::endl;
  return true;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_TESTING_INSTRUCTION_SET_H_
