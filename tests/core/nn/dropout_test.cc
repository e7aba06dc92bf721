#include "core/nn/dropout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/core/nn/network_runner.h"

namespace runnel {
namespace {

std::vector<float> Mask(const DropoutDraw& draw, float rate, int site, int64_t begin,
                        int64_t count) {
  std::vector<float> mask(count);
  DrawMask(draw, rate, site, begin, count, mask.data());
  return mask;
}

TEST(DrawMask, Elements_AreZeroOrTheInverseOfTheKeptShare) {
  for (const float rate : {0.1f, 0.5f, 0.9f}) {
    const auto mask = Mask({.seed = 4, .batch = 7}, rate, 3, 0, 40000);
    double kept = 0;
    for (const float element : mask) {
      if (element == 0) continue;
      ASSERT_FLOAT_EQ(element, 1 / (1 - rate));
      ++kept;
    }
    const double share = 1.0 - rate;
    // Five standard errors of a binomial's share.
    EXPECT_NEAR(kept / 40000, share, 5 * std::sqrt(share * rate / 40000));
  }
}

TEST(DrawMask, AnyPart_IsThatOfTheWhole) {
  const DropoutDraw draw = {.seed = 1, .batch = 2};
  const auto whole = Mask(draw, 0.5f, 9, 0, 100);
  for (int64_t begin = 0; begin < 20; ++begin) {
    const std::vector<float> part(whole.begin() + begin, whole.begin() + begin + 30);
    EXPECT_EQ(Mask(draw, 0.5f, 9, begin, 30), part) << begin;
  }
}

TEST(DrawMask, OtherSeedsBatchesAndSites_GiveOtherMasks) {
  const auto mask = Mask({.seed = 1, .batch = 2}, 0.5f, 1, 0, 64);
  EXPECT_NE(Mask({.seed = 2, .batch = 2}, 0.5f, 1, 0, 64), mask);
  EXPECT_NE(Mask({.seed = 1, .batch = 3}, 0.5f, 1, 0, 64), mask);
  EXPECT_NE(Mask({.seed = 1, .batch = 2}, 0.5f, 2, 0, 64), mask);
}

TEST(NetworkDropout, LanesOfAShard_AreMaskedAsInTheWholeBatch) {
  const DropoutDraw draw = {.rates = {.input = 0.3f, .between = 0.5f, .output = 0.25f}, .seed = 3};
  for (const int embedding : {0, 6}) {
    const auto network = MakeNetwork<double>(
        {.cell = CellType::kLstm, .num_layers = 2, .hidden_size = 8, .embedding_size = embedding},
        5);
    const auto parameters = RandomReals<double>(network->layout().size(), 0.7, 0);
    const auto packed = network->NewPackedWeights();
    network->Pack(parameters.data(), &draw, packed.get());
    constexpr int kSteps = 4;
    const auto ids = RandomIds(kSteps * 3, 5, 0);
    const auto logits = [&](const std::vector<int32_t>& inputs, int lanes, int first_lane) {
      const auto activations = network->NewActivations(kSteps, lanes);
      auto states = network->NewStates(lanes);
      network->Forward(
          *packed,
          {.inputs = inputs.data(), .steps = kSteps, .dropout = &draw, .first_lane = first_lane},
          &states, activations.get());
      return std::vector<double>(activations->logits(), activations->logits() + kSteps * lanes * 5);
    };
    const auto whole = logits(ids, 3, 0);
    std::vector<int32_t> lane_ids;
    for (int t = 0; t < kSteps; ++t) lane_ids.push_back(ids[t * 3 + 2]);
    const auto lane = logits(lane_ids, 1, 2);
    for (int t = 0; t < kSteps; ++t) {
      for (int v = 0; v < 5; ++v) EXPECT_NEAR(lane[t * 5 + v], whole[(t * 3 + 2) * 5 + v], 1e-12);
    }
  }
}

// Without a memory, the same character has the same logits at every step only if its mask is.
TEST(NetworkDropout, Masks_AreHeldOverAllStepsOfABatch) {
  constexpr int kSteps = 6;
  constexpr int kSymbols = 5;
  for (const int embedding : {0, 6}) {
    const auto network = MakeNetwork<double>({.cell = CellType::kRnnTanh,
                                              .num_layers = 2,
                                              .hidden_size = 8,
                                              .embedding_size = embedding},
                                             kSymbols);
    auto parameters = RandomReals<double>(network->layout().size(), 0.7, 0);
    for (const Tensor& tensor : network->layout().tensors()) {
      if (tensor.role != TensorRole::kRecurrentWeight) continue;
      std::fill_n(parameters.begin() + tensor.offset, tensor.size(), 0.0);
    }
    const std::vector<double> state(network->state_size());
    const std::vector<int32_t> ids(kSteps, 3);
    const auto plain = RunNetwork(*network, parameters, state, ids, ids, 1);
    for (const Dropout& rates :
         {Dropout{.input = 0.5f}, Dropout{.between = 0.5f}, Dropout{.output = 0.5f}}) {
      const DropoutDraw draw = {.rates = rates, .seed = 3};
      const auto run = RunNetwork(*network, parameters, state, ids, ids, 1, {.dropout = &draw});
      EXPECT_NE(run.logits, plain.logits);
      for (size_t i = kSymbols; i < run.logits.size(); ++i) {
        EXPECT_EQ(run.logits[i], run.logits[i % kSymbols]) << i;
      }
    }
  }
}

TEST(NetworkDropout, DroppedRecurrentWeights_HaveNoGradient) {
  const auto network =
      MakeNetwork<double>({.cell = CellType::kLstm, .num_layers = 1, .hidden_size = 32}, 5);
  const auto parameters = RandomReals<double>(network->layout().size(), 0.7, 0);
  const std::vector<double> state(network->state_size());
  const auto ids = RandomIds(8, 5, 0);
  constexpr float kRate = 0.25f;
  const DropoutDraw draw = {.rates = {.recurrent = kRate}, .seed = 3};
  const auto run = RunNetwork(*network, parameters, state, ids, ids, 1, {.dropout = &draw});
  const Tensor* weights = network->layout().Find("rnn.weight_hh_l0");
  ASSERT_NE(weights, nullptr);
  const auto begin = run.gradients.begin() + weights->offset;
  const auto dropped = static_cast<double>(std::count(begin, begin + weights->size(), 0.0));
  const auto size = static_cast<double>(weights->size());
  // Five standard errors of a binomial's share.
  EXPECT_NEAR(dropped / size, kRate, 5 * std::sqrt(kRate * (1 - kRate) / size));
}

// Compares a network with dropout to the same network without it: whether the states of the first
// layer, the states of the later layers, and the logits are the same.
class DropoutSites : public testing::TestWithParam<bool> {
 protected:
  void Run(const Dropout& rates, int layers) {
    const auto network = MakeNetwork<double>({.cell = CellType::kLstm,
                                              .num_layers = layers,
                                              .hidden_size = 8,
                                              .bidirectional = GetParam()},
                                             5);
    const auto parameters = RandomReals<double>(network->layout().size(), 0.7, 0);
    const std::vector<double> state(network->state_size());
    const auto ids = RandomIds(4, 5, 0);
    const DropoutDraw draw = {.rates = rates, .seed = 3};
    const auto plain = RunNetwork(*network, parameters, state, ids, ids, 1);
    const auto run = RunNetwork(*network, parameters, state, ids, ids, 1, {.dropout = &draw});
    const int64_t first = network->state_size() / layers;
    const auto same = [&](int64_t begin, int64_t end) {
      return std::equal(run.state.begin() + begin, run.state.begin() + end,
                        plain.state.begin() + begin);
    };
    first_state_same = same(0, first);
    later_states_same = same(first, network->state_size());
    logits_same = run.logits == plain.logits;
  }

  bool first_state_same;
  bool later_states_same;
  bool logits_same;
};

TEST_P(DropoutSites, OfTheInput_ShowsEverywhere) {
  Run({.input = 0.5f}, /*layers=*/2);
  EXPECT_FALSE(first_state_same);
  EXPECT_FALSE(later_states_same);
  EXPECT_FALSE(logits_same);
}

TEST_P(DropoutSites, OfRecurrentWeights_ShowsEverywhere) {
  Run({.recurrent = 0.5f}, /*layers=*/2);
  EXPECT_FALSE(first_state_same);
  EXPECT_FALSE(later_states_same);
  EXPECT_FALSE(logits_same);
}

TEST_P(DropoutSites, OfTheOutput_ShowsInTheLogitsAlone) {
  Run({.output = 0.5f}, /*layers=*/2);
  EXPECT_TRUE(first_state_same);
  EXPECT_TRUE(later_states_same);
  EXPECT_FALSE(logits_same);
}

TEST_P(DropoutSites, BetweenLayers_ShowsFromTheSecondOn) {
  Run({.between = 0.5f}, /*layers=*/2);
  EXPECT_TRUE(first_state_same);
  EXPECT_FALSE(later_states_same);
  EXPECT_FALSE(logits_same);
}

TEST_P(DropoutSites, BetweenLayersOfOne_IsNowhere) {
  Run({.between = 0.5f}, /*layers=*/1);
  EXPECT_TRUE(first_state_same);
  EXPECT_TRUE(logits_same);
}

INSTANTIATE_TEST_SUITE_P(OneAndTwoDirections, DropoutSites, testing::Bool());

}  // namespace
}  // namespace runnel
