// The server's RUNNEL_INSTRUCTION_SET for other programs.
#ifndef RUNNEL_TESTS_TESTING_INSTRUCTION_SET_H_
#define RUNNEL_TESTS_TESTING_INSTRUCTION_SET_H_

#include <cstdlib>
#include <iostream>

#include "core/base/find_by_name.h"
#include "core/math/instruction_set.h"

namespace runnel {

// Prints what the arithmetic runs on. False, after a message, if the variable names no set.
inline bool LimitInstructionSetByEnvironment() {
  if (const char* name = std::getenv("RUNNEL_INSTRUCTION_SET"); name != nullptr) {
    const auto set = FindByName(kInstructionSets, InstructionSetName, name);
    if (!set) {
      std::cerr << "RUNNEL_INSTRUCTION_SET: there is no \"" << name << "\"\n";
      return false;
    }
    LimitInstructionSet(*set);
  }
  std::cerr << "instruction set: " << ChosenInstructionSet() << std::endl;
  return true;
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_TESTING_INSTRUCTION_SET_H_
