// Every test program's: RUNNEL_INSTRUCTION_SET in the environment limits the arithmetic, as it does
// for the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/instruction_set.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!runnel::LimitInstructionSetByEnvironment()) return 2;
  return RUN_ALL_TESTS();
}
