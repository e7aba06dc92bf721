// What products in 16 bits do to a network's gradients.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/core/math/rounding.h"
#include "tests/core/math/targets.h"
#include "tests/core/nn/network_runner.h"

namespace runnel {
namespace {

TEST(TrainingPrecision, Bf16_KeepsGradientsAndTheirBalanceAlsoOfALargeVocabulary) {
  constexpr int kLanes = 16, kSteps = 32;
  for (const int vocabulary : {65, 6000}) {
    const auto network = MakeNetwork<float>({.num_layers = 2, .hidden_size = 40}, vocabulary);
    const auto parameters = RandomReals<float>(network->layout().size(), 0.2, 1);
    const auto state = RandomReals<float>(network->state_size() * kLanes, 0.5, 2);
    const auto inputs = RandomIds(kLanes * kSteps, vocabulary, 3);
    const auto targets = RandomIds(kLanes * kSteps, vocabulary, 4);
    for (const int64_t target : MachineTargets()) {
      const ScopedTarget scoped(target);
      const auto gradients = [&](TrainingPrecision precision) {
        return RunNetwork<float>(*network, parameters, state, inputs, targets, kLanes,
                                 {.precision = precision})
            .gradients;
      };
      const std::vector<float> exact = gradients(TrainingPrecision::kF32);
      const std::vector<float> rounded = gradients(TrainingPrecision::k16Bit);
      EXPECT_NE(rounded, exact);
      for (const Tensor& tensor : network->layout().tensors()) {
        double squares = 0, errors = 0;
        for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
          squares += std::pow(exact[i], 2);
          errors += std::pow(rounded[i] - exact[i], 2);
        }
        EXPECT_LT(std::sqrt(errors / squares), GradientTolerance(RoundingOf16Bits(), /*layers=*/2))
            << tensor.name << ", " << vocabulary << " characters, " << hwy::TargetName(target);
      }
      // What a target gains all others lose, each next to nothing if they are many: over the
      // vocabulary the output's gradients add up to 0.
      const Tensor& output = *std::find_if(
          network->layout().tensors().begin(), network->layout().tensors().end(),
          [](const Tensor& tensor) { return tensor.role == TensorRole::kOutputWeight; });
      for (int64_t unit = 0; unit < output.cols; ++unit) {
        double sum = 0, magnitudes = 0;
        for (int64_t row = 0; row < output.rows; ++row) {
          const double gradient = rounded[output.offset + row * output.cols + unit];
          sum += gradient;
          magnitudes += std::abs(gradient);
        }
        EXPECT_NEAR(sum / magnitudes, 0, 1e-3)
            << "unit " << unit << ", " << vocabulary << " characters, " << hwy::TargetName(target);
      }
    }
  }
}

}  // namespace
}  // namespace runnel
