// Activations of gigabytes are made at once, so that the start of a large job can be cancelled.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/nn/network.h"

namespace runnel {
namespace {

int64_t ResidentBytes() {
  int64_t addresses = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> addresses >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(Activations, TakeNoMemoryUntilTheyAreWritten) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer writes to new memory";
#endif
  constexpr int kSteps = 2048;
  constexpr int kLanes = 32;
  constexpr int kHidden = 200;
  const auto network = MakeNetwork<float>(
      {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = kHidden, .embedding_size = 20},
      /*vocabulary_size=*/100);
  const int64_t before = ResidentBytes();
  const auto activations = network->NewActivations(kSteps, kLanes);
  const int64_t gates = int64_t{kSteps} * kLanes * 4 * kHidden * sizeof(float);
  EXPECT_LT(ResidentBytes() - before, gates / 20);
}

}  // namespace
}  // namespace runnel
