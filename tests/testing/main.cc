// The main function of every test program. RUNNEL_INSTRUCTION_SET in the environment limits the
// instruction set of the arithmetic, as it does for the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/testing/instruction_set.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!runnel::LimitInstructionSetByEnvironment()) return 2;
  const std::string limit(runnel::ChosenInstructionSet());
  unsetenv("RUNNEL_INSTRUCTION_SET");  // tests of option parsing must not see it
  const int failed = RUN_ALL_TESTS();
  if (runnel::ChosenInstructionSet() == limit) return failed;
  std::cerr << "a test has left the instruction set " << runnel::ChosenInstructionSet() << "\n";
  return 1;
}
