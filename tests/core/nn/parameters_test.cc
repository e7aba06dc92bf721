#include "core/nn/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "core/nn/network.h"

namespace runnel {
namespace {

using testing::Each;
using testing::ElementsAre;

ParameterLayout TwoLayers(int hidden, int vocabulary) {
  return MakeNetwork<float>({.num_layers = 2, .hidden_size = hidden}, vocabulary)->layout();
}

std::vector<float> Initial(const ParameterLayout& layout, Initialization initialization, int hidden,
                           uint64_t seed) {
  std::vector<float> parameters(layout.size(), 99.0f);
  InitializeParameters(layout, initialization, hidden, seed, parameters.data());
  return parameters;
}

TEST(ParameterLayout, Network_NamesItsTensorsAsPyTorchOneBehindTheOther) {
  const ParameterLayout layout = TwoLayers(/*hidden=*/3, /*vocabulary=*/5);
  std::vector<std::string> described;
  int64_t end = 0;
  for (const Tensor& tensor : layout.tensors()) {
    described.push_back(tensor.name + " " + std::to_string(tensor.rows) + "x" +
                        std::to_string(tensor.cols));
    EXPECT_EQ(tensor.offset, end) << tensor.name;
    end += tensor.size();
  }
  EXPECT_THAT(described,
              ElementsAre("rnn.weight_ih_l0 3x5", "rnn.weight_hh_l0 3x3", "rnn.bias_ih_l0 3x0",
                          "rnn.weight_ih_l1 3x3", "rnn.weight_hh_l1 3x3", "rnn.bias_ih_l1 3x0",
                          "output.weight 5x3", "output.bias 5x0"));
  EXPECT_EQ(layout.size(), end);
  EXPECT_EQ(layout.size(), 15 + 9 + 3 + 9 + 9 + 3 + 15 + 5);
}

TEST(ParameterLayout, Find_GivesTheTensorOrNull) {
  const ParameterLayout layout = TwoLayers(3, 5);
  ASSERT_NE(layout.Find("output.weight"), nullptr);
  EXPECT_EQ(layout.Find("output.weight")->role, TensorRole::kOutputWeight);
  EXPECT_EQ(layout.Find("rnn.weight_ih_l2"), nullptr);
}

TEST(FileOrder, OneHotWeight_IsTransposedAndOthersAreNot) {
  const ParameterLayout layout = TwoLayers(3, 5);
  std::vector<float> parameters(layout.size());
  std::iota(parameters.begin(), parameters.end(), 0.0f);
  for (const Tensor& tensor : layout.tensors()) {
    const bool one_hot = tensor.name == "rnn.weight_ih_l0";
    EXPECT_EQ(tensor.transposed, one_hot) << tensor.name;
    std::vector<float> values(tensor.size());
    ToFileOrder(tensor, parameters.data(), values.data());
    const int64_t cols = std::max<int64_t>(tensor.cols, 1);
    for (int64_t row = 0; row < tensor.rows; ++row) {
      for (int64_t col = 0; col < cols; ++col) {
        const int64_t place = one_hot ? col * tensor.rows + row : row * cols + col;
        ASSERT_EQ(values[row * cols + col], static_cast<float>(tensor.offset + place));
      }
    }
  }
}

TEST(FileOrder, IntoAndOutOf_AreInverse) {
  const ParameterLayout layout = TwoLayers(4, 7);
  const auto parameters = Initial(layout, Initialization::kUniformFanHidden, 4, 1);
  std::vector<float> copied(layout.size());
  for (const Tensor& tensor : layout.tensors()) {
    std::vector<float> values(tensor.size());
    ToFileOrder(tensor, parameters.data(), values.data());
    FromFileOrder(tensor, values.data(), copied.data());
  }
  EXPECT_EQ(copied, parameters);
}

TEST(InitializeParameters, UniformFanHidden_FillsEverythingWithinItsBound) {
  constexpr int kHidden = 64;
  const ParameterLayout layout = TwoLayers(kHidden, 80);
  const auto parameters = Initial(layout, Initialization::kUniformFanHidden, kHidden, 5);
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
  const ParameterLayout layout = TwoLayers(64, 80);
  const auto parameters = Initial(layout, Initialization::kNormal001, 64, 5);
  for (const Tensor& tensor : layout.tensors()) {
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
  const ParameterLayout layout = TwoLayers(8, 9);
  for (const auto initialization :
       {Initialization::kUniformFanHidden, Initialization::kNormal001}) {
    const auto one = Initial(layout, initialization, 8, 1);
    EXPECT_EQ(Initial(layout, initialization, 8, 1), one);
    const auto two = Initial(layout, initialization, 8, 2);
    int same = 0;
    for (size_t i = 0; i < one.size(); ++i) same += one[i] != 0 && one[i] == two[i];
    EXPECT_EQ(same, 0);
  }
}

TEST(InitializeParameters, Element_DependsOnItsPlaceAlone) {
  // A larger vocabulary moves what follows the first tensor; the first tensor's beginning stays.
  const auto small = Initial(TwoLayers(8, 9), Initialization::kUniformFanHidden, 8, 1);
  const auto large = Initial(TwoLayers(8, 20), Initialization::kUniformFanHidden, 8, 1);
  EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin()));
}

TEST(CellTypeNames, RoundTripAndNothingElseIsOne) {
  for (const CellType cell : kCellTypes) {
    EXPECT_EQ(kCellTypes.Find(CellTypeName(cell)), cell);
  }
  EXPECT_EQ(kCellTypes.Find("rnn_tanh"), CellType::kRnnTanh);
  EXPECT_EQ(kCellTypes.Find("RNN_TANH"), std::nullopt);
  EXPECT_EQ(kCellTypes.Find(""), std::nullopt);
}

TEST(NetworkConfig, Validate_NamesTheFieldTheValueAndTheBounds) {
  const auto violations = [](const NetworkConfig& config) {
    Violations found;
    Validate(config, &found);
    std::vector<std::string> list;
    for (const auto& v : found.list()) list.push_back(v.field + " " + v.description);
    return list;
  };
  EXPECT_THAT(violations({}), ElementsAre());
  EXPECT_THAT(violations({.num_layers = 8, .hidden_size = 4096}), ElementsAre());
  EXPECT_THAT(
      violations({.num_layers = 0, .hidden_size = 4097}),
      ElementsAre("num_layers is 0; must be 1 to 8", "hidden_size is 4097; must be 1 to 4096"));
  EXPECT_THAT(
      violations({.num_layers = 9, .hidden_size = -1}),
      ElementsAre("num_layers is 9; must be 1 to 8", "hidden_size is -1; must be 1 to 4096"));
}

TEST(InitializeParameters, Orthogonal_HasOrthogonalBlocksAndOpenForgetGates) {
  constexpr int kHidden = 12;
  for (const CellType cell :
       {CellType::kRnnTanh, CellType::kLstm, CellType::kLstmCoupled, CellType::kGruResetAfter}) {
    const ParameterLayout layout =
        MakeNetwork<float>({.cell = cell, .num_layers = 2, .hidden_size = kHidden}, 7)->layout();
    const auto uniform = Initial(layout, Initialization::kUniformFanHidden, kHidden, 3);
    const auto values = Initial(layout, Initialization::kOrthogonal, kHidden, 3);
    for (const Tensor& tensor : layout.tensors()) {
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
    const ParameterLayout layout = MakeNetwork<float>(config, 7)->layout();
    const auto narrow = Initial(layout, Initialization::kOrthogonal, kHidden, 3);
    const auto wide = Initial(layout, Initialization::kOrthogonalWide, kHidden, 3);
    for (const Tensor& tensor : layout.tensors()) {
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

TEST(VocabularyRules, Validate_NamesTheFieldTheValueAndTheBounds) {
  const auto problem = [](const VocabularyRules& rules) {
    Violations violations;
    Validate(rules, &violations);
    if (violations.empty()) return std::string();
    return violations.list()[0].field + " " + violations.list()[0].description;
  };
  EXPECT_EQ(problem({}), "");
  EXPECT_EQ(problem({.min_char_count = 5, .document_separator = std::string(256, '-')}), "");
  EXPECT_EQ(problem({.min_char_count = 0}), "min_char_count is 0; must be 1 or more");
  EXPECT_EQ(problem({.kind = VocabularyKind::kBytes, .min_char_count = 2}),
            "min_char_count is 2; must be 1 where the symbols are bytes");
  EXPECT_EQ(problem({.document_separator = std::string(257, '-')}),
            "document_separator has 257 bytes; at most 256");
  EXPECT_EQ(problem({.document_separator = "\xFF"}), "document_separator is not valid UTF-8");
}

}  // namespace
}  // namespace runnel
