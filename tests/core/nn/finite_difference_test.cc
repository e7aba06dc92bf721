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

// Cell, depth, bidirectional, trial.
using Case = std::tuple<CellType, int, bool, int>;

class FiniteDifference : public testing::TestWithParam<Case> {
 protected:
  // Draws a network, its weights and a batch for the case; odd trials have an embedding, every
  // third dropout, every fourth masked inputs and targets, every fifth resets.
  FiniteDifference() {
    const auto& [cell, layers, bidirectional, trial] = GetParam();
    auto draw = [&, position = 0](int least, int most) mutable {
      const double u = RandomUniform(layers, trial, position++);
      return least + static_cast<int>(u * (most - least + 1));
    };
    const int hidden = draw(1, 6);
    const int vocabulary = draw(2, 6);
    const int steps = draw(1, 6);
    lanes_ = draw(1, 3);
    network_ = MakeNetwork<double>({.cell = cell,
                                    .num_layers = layers,
                                    .hidden_size = hidden,
                                    .bidirectional = bidirectional,
                                    .embedding_size = trial % 2 == 1 ? draw(1, 6) : 0},
                                   vocabulary);
    const uint64_t stream = trial * 10;
    parameters_ = RandomReals<double>(network_->layout().size(), 0.7, stream);
    state_ = RandomReals<double>(network_->state_size() * lanes_, 0.5, stream + 1);
    inputs_ = RandomIds(steps * lanes_, vocabulary, stream);
    targets_ = RandomIds(steps * lanes_, vocabulary, stream + 1);
    dropout_ = {.rates = {.input = 0.3f, .between = 0.4f, .output = 0.5f, .recurrent = 0.2f},
                .seed = stream};
    if (trial % 3 == 2) extras_.dropout = &dropout_;
    for (size_t i = 0; i < inputs_.size() && trial % 4 == 3; ++i) {
      if (draw(0, 2) == 0) inputs_[i] = kMaskedId;
      if (draw(0, 2) == 0) targets_[i] = kNoTarget;
    }
    for (size_t i = 0; i < inputs_.size() && trial % 5 == 4; ++i) {
      extras_.resets.push_back(draw(0, 2) == 0);
    }
  }

  NetworkRun<double> Run() const {
    return RunNetwork(*network_, parameters_, state_, inputs_, targets_, lanes_, extras_);
  }

  // The difference's own error: third derivatives times 1e-10 / 6, and rounding 1e-16 / 1e-5.
  static constexpr double kStep = 1e-5;
  static constexpr double kTolerance = 1e-8;
  double Slope(double* value) const {
    const double before = *value;
    *value = before + kStep;
    const double above = Run().loss;
    *value = before - kStep;
    const double below = Run().loss;
    *value = before;
    return (above - below) / (2 * kStep);
  }

  int lanes_;
  std::unique_ptr<Network<double>> network_;
  std::vector<double> parameters_;
  std::vector<double> state_;
  std::vector<int32_t> inputs_;
  std::vector<int32_t> targets_;
  DropoutDraw dropout_;
  RunExtras extras_;
};

TEST_P(FiniteDifference, Gradients_AreTheSlopesOfTheLoss) {
  const NetworkRun<double> center = Run();
  for (const Tensor& tensor : network_->layout().tensors()) {
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      ASSERT_NEAR(center.gradients[i], Slope(&parameters_[i]), kTolerance)
          << tensor.name << ", element " << i - tensor.offset;
    }
  }
  for (size_t i = 0; i < state_.size(); ++i) {
    ASSERT_NEAR(center.state_gradient[i], Slope(&state_[i]), kTolerance) << "state " << i;
  }
}

std::string CaseName(const testing::TestParamInfo<Case>& info) {
  const auto& [cell, layers, bidirectional, trial] = info.param;
  return std::string(CellTypeName(cell)) + "_" + std::to_string(layers) +
         (bidirectional ? "_both_" : "_") + std::to_string(trial);
}

INSTANTIATE_TEST_SUITE_P(AllCells, FiniteDifference,
                         testing::Combine(testing::ValuesIn(kCellTypes), testing::Values(1, 2, 3),
                                          testing::Bool(), testing::Range(0, 6)),
                         CaseName);

TEST(Backward, Gradients_ReplaceWhatIsThere) {
  const auto network = MakeNetwork<double>({.num_layers = 2, .hidden_size = 4}, 5);
  const auto parameters = RandomReals<double>(network->layout().size(), 0.7, 0);
  const std::vector<double> state(network->state_size() * 2);
  const auto ids = RandomIds(6, 5, 0);
  const auto once = RunNetwork(*network, parameters, state, ids, ids, 2).gradients;

  const auto packed = network->NewPackedWeights();
  network->Pack(parameters.data(), nullptr, packed.get());
  const auto activations = network->NewActivations(3, 2);
  std::vector<double> again(once.size(), 7);
  for (int i = 0; i < 2; ++i) {
    auto states = network->NewStates(2);
    network->Forward(*packed, {ids.data(), 3}, &states, activations.get());
    network->Loss(ids.data(), 3, 1.0 / 6, activations.get());
    network->Backward(*packed, {ids.data(), 3}, activations.get(), again.data(), nullptr);
  }
  for (size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(again[i], once[i], 1e-14);
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
