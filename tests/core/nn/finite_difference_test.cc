// The gradients of a network against central differences of its loss, for every parameter and every
// element of the state it starts from.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "tests/core/nn/network_runner.h"

namespace runnel {
namespace {

// Cell, depth, trial.
using Case = std::tuple<CellType, int, int>;

class FiniteDifference : public testing::TestWithParam<Case> {};

TEST_P(FiniteDifference, Gradients_AreTheSlopesOfTheLoss) {
  const auto& [cell, layers, trial] = GetParam();
  auto draw = [&, position = 0](int least, int most) mutable {
    const double u = RandomUniform(layers, trial, position++);
    return least + static_cast<int>(u * (most - least + 1));
  };
  const int hidden = draw(1, 9);
  const int vocabulary = draw(2, 8);
  const int steps = draw(1, 7);
  const int lanes = draw(1, 4);
  const auto network =
      MakeNetwork<double>({.cell = cell, .num_layers = layers, .hidden_size = hidden}, vocabulary);
  const uint64_t stream = trial * 10;
  std::vector<double> parameters = RandomReals<double>(network->layout().size(), 0.7, stream);
  std::vector<double> state = RandomReals<double>(network->state_size() * lanes, 0.5, stream + 1);
  const auto inputs = RandomIds(steps * lanes, vocabulary, stream);
  const auto targets = RandomIds(steps * lanes, vocabulary, stream + 1);
  const auto run = [&] { return RunNetwork(*network, parameters, state, inputs, targets, lanes); };
  const NetworkRun<double> center = run();

  // The difference's own error: third derivatives times 1e-10 / 6, and rounding 1e-16 / 1e-5.
  constexpr double kStep = 1e-5;
  constexpr double kTolerance = 1e-8;
  const auto slope = [&](double* value) {
    const double before = *value;
    *value = before + kStep;
    const double above = run().loss;
    *value = before - kStep;
    const double below = run().loss;
    *value = before;
    return (above - below) / (2 * kStep);
  };
  for (const Tensor& tensor : network->layout().tensors()) {
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      ASSERT_NEAR(center.gradients[i], slope(&parameters[i]), kTolerance)
          << tensor.name << ", element " << i - tensor.offset;
    }
  }
  for (size_t i = 0; i < state.size(); ++i) {
    ASSERT_NEAR(center.state_gradient[i], slope(&state[i]), kTolerance) << "state " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(AllCells, FiniteDifference,
                         testing::Combine(testing::Values(CellType::kRnnTanh, CellType::kRnnRelu),
                                          testing::Values(1, 2, 3), testing::Range(0, 4)),
                         [](const testing::TestParamInfo<Case>& info) {
                           const absl::string_view cell = CellTypeName(std::get<0>(info.param));
                           return std::string(cell) + "_" +
                                  std::to_string(std::get<1>(info.param)) + "_" +
                                  std::to_string(std::get<2>(info.param));
                         });

TEST(Backward, Gradients_AreAddedToWhatIsThere) {
  const auto network = MakeNetwork<double>({.num_layers = 2, .hidden_size = 4}, 5);
  const auto parameters = RandomReals<double>(network->layout().size(), 0.7, 0);
  const std::vector<double> state(network->state_size() * 2);
  const auto ids = RandomIds(6, 5, 0);
  const auto once = RunNetwork(*network, parameters, state, ids, ids, 2).gradients;

  const auto packed = network->NewPackedWeights();
  network->Pack(parameters.data(), packed.get());
  const auto activations = network->NewActivations(3, 2);
  std::vector<double> twice(once.size());
  for (int i = 0; i < 2; ++i) {
    std::vector<double> moving = state;
    network->Forward(*packed, ids.data(), 3, moving.data(), activations.get());
    network->Loss(ids.data(), 3, 1.0 / 6, activations.get());
    network->Backward(*packed, ids.data(), 3, activations.get(), twice.data(), nullptr);
  }
  for (size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(twice[i], 2 * once[i], 1e-14);
}

TEST(Forward, TwoHalves_GiveTheLogitsAndStateOfTheWhole) {
  const auto network = MakeNetwork<double>({.num_layers = 2, .hidden_size = 6}, 5);
  const auto parameters = RandomReals<double>(network->layout().size(), 0.7, 3);
  const auto state = RandomReals<double>(network->state_size() * 3, 0.5, 4);
  const auto ids = RandomIds(8 * 3, 5, 5);
  const auto whole = RunNetwork(*network, parameters, state, ids, ids, 3);
  const std::vector<int32_t> first(ids.begin(), ids.begin() + 15);
  const std::vector<int32_t> second(ids.begin() + 15, ids.end());
  const auto begun = RunNetwork(*network, parameters, state, first, first, 3);
  const auto ended = RunNetwork(*network, parameters, begun.state, second, second, 3);
  auto logits = begun.logits;
  logits.insert(logits.end(), ended.logits.begin(), ended.logits.end());
  ASSERT_EQ(logits.size(), whole.logits.size());
  for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], whole.logits[i], 1e-14);
  for (size_t i = 0; i < state.size(); ++i) EXPECT_NEAR(ended.state[i], whole.state[i], 1e-14);
}

}  // namespace
}  // namespace runnel
