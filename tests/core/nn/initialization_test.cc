#include "core/nn/initialization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "core/nn/network.h"
#include "core/nn/parameters.h"

namespace runnel {
namespace {

using testing::Each;

std::unique_ptr<Network<float>> TwoLayers(int hidden, int vocabulary) {
  return MakeNetwork<float>({.num_layers = 2, .hidden_size = hidden}, vocabulary);
}

std::vector<float> Initial(const Network<float>& network, Initialization initialization,
                           uint64_t seed) {
  std::vector<float> parameters(network.layout().size(), 99.0f);
  InitializeParameters(network, initialization, seed, parameters.data());
  return parameters;
}

TEST(InitializeParameters, UniformFanHidden_FillsEverythingWithinItsBound) {
  constexpr int kHidden = 64;
  const auto parameters = Initial(*TwoLayers(kHidden, 80), Initialization::kUniformFanHidden, 5);
  const double bound = 1 / std::sqrt(kHidden);
  double sum = 0;
  double squares = 0;
  for (const double p : parameters) {
    ASSERT_LE(std::abs(p), bound);
    sum += p;
    squares += p * p;
  }
  const double count = static_cast<double>(parameters.size());
  // Five standard errors of a uniform's mean and mean square.
  EXPECT_NEAR(sum / count, 0, 5 * bound / std::sqrt(3 * count));
  EXPECT_NEAR(squares / count, bound * bound / 3, 5 * bound * bound * 0.2982 / std::sqrt(count));
  EXPECT_GT(*std::max_element(parameters.begin(), parameters.end()), 0.99 * bound);
  EXPECT_LT(*std::min_element(parameters.begin(), parameters.end()), -0.99 * bound);
}

TEST(InitializeParameters, Normal001_HasSmallWeightsAndZeroBiases) {
  const auto network = TwoLayers(64, 80);
  const auto parameters = Initial(*network, Initialization::kNormal001, 5);
  for (const Tensor& tensor : network->layout().tensors()) {
    const std::vector<float> values(parameters.begin() + tensor.offset,
                                    parameters.begin() + tensor.offset + tensor.size());
    if (tensor.role == TensorRole::kBias || tensor.role == TensorRole::kOutputBias) {
      EXPECT_THAT(values, Each(0.0f)) << tensor.name;
      continue;
    }
    double sum = 0;
    double squares = 0;
    for (const double value : values) {
      sum += value;
      squares += value * value;
    }
    const double count = static_cast<double>(values.size());
    EXPECT_NEAR(sum / count, 0, 5 * 0.01 / std::sqrt(count)) << tensor.name;
    EXPECT_NEAR(squares / count, 1e-4, 5 * 1e-4 * std::sqrt(2 / count)) << tensor.name;
  }
}

TEST(InitializeParameters, Seed_DecidesEveryElement) {
  const auto network = TwoLayers(8, 9);
  for (const auto initialization :
       {Initialization::kUniformFanHidden, Initialization::kNormal001}) {
    const auto one = Initial(*network, initialization, 1);
    EXPECT_EQ(Initial(*network, initialization, 1), one);
    const auto two = Initial(*network, initialization, 2);
    int same = 0;
    for (size_t i = 0; i < one.size(); ++i) same += one[i] != 0 && one[i] == two[i];
    EXPECT_EQ(same, 0);
  }
}

TEST(InitializeParameters, Element_DependsOnItsPlaceAlone) {
  // A larger vocabulary moves the tensors that follow the first one, whose beginning stays.
  const auto small = Initial(*TwoLayers(8, 9), Initialization::kUniformFanHidden, 1);
  const auto large = Initial(*TwoLayers(8, 20), Initialization::kUniformFanHidden, 1);
  EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin()));
}

TEST(InitializeParameters, Orthogonal_HasOrthogonalBlocksAndOpenForgetGates) {
  constexpr int kHidden = 12;
  for (const CellType cell :
       {CellType::kRnnTanh, CellType::kLstm, CellType::kLstmCoupled, CellType::kGruResetAfter}) {
    const auto network =
        MakeNetwork<float>({.cell = cell, .num_layers = 2, .hidden_size = kHidden}, 7);
    const auto uniform = Initial(*network, Initialization::kUniformFanHidden, 3);
    const auto values = Initial(*network, Initialization::kOrthogonal, 3);
    for (const Tensor& tensor : network->layout().tensors()) {
      for (int64_t i = 0; i < tensor.size(); ++i) {
        const bool forgets = tensor.forget_begin >= 0 && i >= tensor.forget_begin &&
                             i < tensor.forget_begin + kHidden;
        if (tensor.role == TensorRole::kRecurrentWeight) continue;
        ASSERT_EQ(values[tensor.offset + i], forgets ? 1 : uniform[tensor.offset + i]);
      }
      if (tensor.role != TensorRole::kRecurrentWeight) continue;
      for (int64_t block = 0; block < tensor.size(); block += kHidden * kHidden) {
        const float* u = values.data() + tensor.offset + block;
        for (int a = 0; a < kHidden; ++a) {
          for (int b = 0; b < kHidden; ++b) {
            const float product =
                std::inner_product(u + a * kHidden, u + (a + 1) * kHidden, u + b * kHidden, 0.0f);
            ASSERT_NEAR(product, a == b ? 1 : 0, 1e-6);
          }
        }
      }
    }
  }
}

TEST(InitializeParameters, OrthogonalWide_DrawsInputsFromFartherAndTheRestAlike) {
  constexpr int kHidden = 12;
  for (const int embedding : {0, 5}) {
    const NetworkConfig config = {.cell = CellType::kLstm,
                                  .num_layers = 2,
                                  .hidden_size = kHidden,
                                  .embedding_size = embedding};
    const auto network = MakeNetwork<float>(config, 7);
    const auto narrow = Initial(*network, Initialization::kOrthogonal, 3);
    const auto wide = Initial(*network, Initialization::kOrthogonalWide, 3);
    for (const Tensor& tensor : network->layout().tensors()) {
      double times = 1;
      if (tensor.role == TensorRole::kInputWeight) times = 4;
      if (embedding == 0 && tensor.name == "rnn.weight_ih_l0") times = 2.6 * std::sqrt(kHidden);
      // A row times weights on +-4 / sqrt(hidden) has the deviation of numbers on +-2.6.
      if (tensor.role == TensorRole::kEmbedding) times = 2.6 * kHidden / 4 / std::sqrt(5 / 3.0);
      for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
        ASSERT_NEAR(wide[i], times * narrow[i], 1e-6) << tensor.name;
      }
    }
  }
}

TEST(InitializeParameters, OrthogonalForgetGates_AreWhereTheCellHasThem) {
  const auto forget_begin = [](CellType cell) {
    return MakeNetwork<float>({.cell = cell, .hidden_size = 5}, 7)
        ->layout()
        .Find("rnn.bias_ih_l0")
        ->forget_begin;
  };
  EXPECT_EQ(forget_begin(CellType::kLstm), 5);
  EXPECT_EQ(forget_begin(CellType::kLstmPeephole), 5);
  EXPECT_EQ(forget_begin(CellType::kLstmCoupled), 0);
  EXPECT_EQ(forget_begin(CellType::kGruResetAfter), -1);
}

}  // namespace
}  // namespace runnel
