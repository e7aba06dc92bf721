// A training step allocates nothing once the first is done: whatever it needs stays from step to
// step.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <tuple>

#include "tests/core/train/training_fixture.h"
#include "tests/testing/allocations.h"

namespace runnel {
namespace {

constexpr int kSteps = 25;

struct Case {
  std::string name;
  NetworkConfig network;
  TrainingOptions options;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

// 50 lanes are four shards, so that the workers share them out differently from step to step.
TrainingOptions Options() {
  return {.sequence_length = 20, .batch_size = 50, .optimizer = Optimizer::kAdam};
}

Case TwoLayerLstm() {
  return {.name = "TwoLayerLstm",
          .network = {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 48},
          .options = Options()};
}

Case GruWithEveryDropout() {
  Case c = {.name = "GruWithEveryDropout",
            .network = {.cell = CellType::kGruResetBefore, .num_layers = 2, .hidden_size = 40},
            .options = Options()};
  c.options.dropout = {.input = 0.1f, .between = 0.3f, .output = 0.4f, .recurrent = 0.2f};
  c.options.averaging = 0.9f;
  return c;
}

Case GruOfAnEmbedding() {
  Case c = {.name = "GruOfAnEmbedding",
            .network = {.cell = CellType::kGruResetAfter,
                        .num_layers = 2,
                        .hidden_size = 40,
                        .embedding_size = 16},
            .options = Options()};
  c.options.dropout = {.input = 0.1f, .between = 0.3f, .output = 0.4f};
  return c;
}

Case LstmInBf16() {
  Case c = TwoLayerLstm();
  c.name = "LstmInBf16";
  c.options.precision = TrainingPrecision::k16Bit;
  return c;
}

Case BidirectionalRnnWithMasks() {
  return {.name = "BidirectionalRnnWithMasks",
          .network = {.cell = CellType::kRnnTanh,
                      .num_layers = 2,
                      .hidden_size = 32,
                      .bidirectional = true},
          .options = [] {
            TrainingOptions options = Options();
            options.mask_fraction = 0.15f;
            return options;
          }()};
}

// A shard's first reset, where one of its lanes passes the end of the text, comes after some steps.
Case LstmOfShiftedLanes() {
  Case c = TwoLayerLstm();
  c.name = "LstmOfShiftedLanes";
  c.options.shift_lanes = true;
  c.options.state_reset_share = 0.1f;
  return c;
}

class TrainerAllocation : public testing::TestWithParam<std::tuple<Case, int>> {};

TEST_P(TrainerAllocation, Step_AfterTheFirst_AllocatesNothing) {
  if (kNoAllocationCounts != nullptr) GTEST_SKIP() << kNoAllocationCounts;
  const auto& [c, threads] = GetParam();
  const Corpus corpus = BrookCorpus(100);
  TrainingSetup<float> setup(corpus, c.network, c.options, threads);
  ASSERT_LT(setup.trainer.batches_per_epoch(), kSteps) << "no epoch would end";
  setup.trainer.Step(1e-3f);
  AllocationCounter allocations;
  for (int i = 0; i < kSteps; ++i) setup.trainer.Step(1e-3f);
  allocations.Stop();
  EXPECT_EQ(allocations.count(), 0) << allocations.Describe();
}

INSTANTIATE_TEST_SUITE_P(Networks, TrainerAllocation,
                         testing::Combine(testing::Values(TwoLayerLstm(), GruWithEveryDropout(),
                                                          GruOfAnEmbedding(),
                                                          BidirectionalRnnWithMasks(),
                                                          LstmOfShiftedLanes(), LstmInBf16()),
                                          testing::Values(1, 2)),
                         [](const auto& info) {
                           return std::get<0>(info.param).name + "On" +
                                  std::to_string(std::get<1>(info.param)) + "Threads";
                         });

}  // namespace
}  // namespace runnel
