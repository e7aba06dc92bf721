// Activations of gigabytes are made at once, so that the start of a large job can be cancelled.
#include <gtest/gtest.h>

#include "core/nn/network.h"
#include "tests/testing/resident_memory.h"

namespace runnel {
namespace {

TEST(Activations, TakeNoMemoryUntilTheyAreWritten) {
  if (!testing::kResidentMemoryTells) GTEST_SKIP() << "a sanitizer writes to new memory";
  constexpr int kSteps = 2048;
  constexpr int kLanes = 32;
  constexpr int kHidden = 200;
  const auto network = MakeNetwork<float>(
      {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = kHidden, .embedding_size = 20},
      /*vocabulary_size=*/100);
  const int64_t before = testing::ResidentBytes();
  const auto activations = network->NewActivations(kSteps, kLanes);
  const int64_t gates = int64_t{kSteps} * kLanes * 4 * kHidden * sizeof(float);
  EXPECT_LT(testing::ResidentBytes() - before, gates / 20);
}

}  // namespace
}  // namespace runnel
