// The effect of products in 16 bits on a network's gradients.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "tests/core/math/arithmetics.h"
#include "tests/core/math/rounding.h"
#include "tests/core/nn/network_runner.h"

namespace runnel {
namespace {

constexpr int kLayers = 2;

// A network of two layers and one batch for it, with a vocabulary of the parameter's size.
class TrainingPrecisionTest : public testing::TestWithParam<int> {
 protected:
  std::vector<float> Gradients(TrainingPrecision precision) const {
    return RunNetwork<float>(*network_, parameters_, state_, inputs_, targets_, lanes_,
                             {.precision = precision})
        .gradients;
  }

  // With a large vocabulary, the model of the bf16 dot product is slow.
  const int lanes_ = GetParam() > 1000 ? 4 : 16;
  const int steps_ = GetParam() > 1000 ? 8 : 32;
  std::unique_ptr<Network<float>> network_ =
      MakeNetwork<float>({.num_layers = kLayers, .hidden_size = 40}, GetParam());
  std::vector<float> parameters_ = RandomReals<float>(network_->layout().size(), 0.2, 1);
  std::vector<float> state_ = RandomReals<float>(network_->state_size() * lanes_, 0.5, 2);
  std::vector<int32_t> inputs_ = RandomIds(lanes_ * steps_, GetParam(), 3);
  std::vector<int32_t> targets_ = RandomIds(lanes_ * steps_, GetParam(), 4);
};

TEST_P(TrainingPrecisionTest, Gradients_AreAsNearAsEachArithmeticRounds) {
  ForEach16BitKernels([&](const GemmKernels& kernels) {
    const std::vector<float> exact = Gradients(TrainingPrecision::kF32);
    const std::vector<float> rounded = Gradients(TrainingPrecision::k16Bit);
    EXPECT_NE(rounded, exact);
    for (const Tensor& tensor : network_->layout().tensors()) {
      double squares = 0, errors = 0;
      for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
        squares += std::pow(exact[i], 2);
        errors += std::pow(rounded[i] - exact[i], 2);
      }
      EXPECT_LT(std::sqrt(errors / squares), GradientTolerance(Rounding(kernels), kLayers))
          << tensor.name;
    }
  });
}

// The gradient of a target's logit is nearly -1, and those of all other logits make up for it. If
// there are many of them, each is close to 0. Rounding must not lose them: over the vocabulary, the
// gradients of the output's weights add up to 0.
TEST_P(TrainingPrecisionTest, OutputGradients_AddUpToZeroOverTheVocabulary) {
  // These products are f32, and a gradient is a sum of N = lanes * steps terms: rounding takes at
  // most N / 2^24 of the sum of the terms' magnitudes, which for terms of random signs is up to
  // sqrt(N) times the gradient's own.
  const double terms = lanes_ * steps_;
  const double tolerance = terms * std::sqrt(terms) / (1 << 24);
  ForEach16BitKernels([&](const GemmKernels&) {
    const std::vector<float> gradients = Gradients(TrainingPrecision::k16Bit);
    const auto& tensors = network_->layout().tensors();
    const Tensor& output = *std::find_if(tensors.begin(), tensors.end(), [](const Tensor& tensor) {
      return tensor.role == TensorRole::kOutputWeight;
    });
    for (int64_t unit = 0; unit < output.cols; ++unit) {
      double sum = 0, magnitudes = 0;
      for (int64_t row = 0; row < output.rows; ++row) {
        const double gradient = gradients[output.offset + row * output.cols + unit];
        sum += gradient;
        magnitudes += std::abs(gradient);
      }
      EXPECT_NEAR(sum / magnitudes, 0, tolerance) << "unit " << unit;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, TrainingPrecisionTest, testing::Values(65, 6000));

}  // namespace
}  // namespace runnel
