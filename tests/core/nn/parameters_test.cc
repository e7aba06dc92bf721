#include "core/nn/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "core/nn/network.h"

namespace runnel {
namespace {

using testing::ElementsAre;

std::unique_ptr<Network<float>> TwoLayers(int hidden, int vocabulary) {
  return MakeNetwork<float>({.num_layers = 2, .hidden_size = hidden}, vocabulary);
}

TEST(ParameterLayout, Network_NamesItsTensorsAsPyTorchOneAfterTheOther) {
  const auto network = TwoLayers(/*hidden=*/3, /*vocabulary=*/5);
  const ParameterLayout& layout = network->layout();
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
  const auto network = TwoLayers(3, 5);
  const ParameterLayout& layout = network->layout();
  ASSERT_NE(layout.Find("output.weight"), nullptr);
  EXPECT_EQ(layout.Find("output.weight")->role, TensorRole::kOutputWeight);
  EXPECT_EQ(layout.Find("rnn.weight_ih_l2"), nullptr);
}

TEST(FileOrder, OneHotWeight_IsTransposedAndOthersAreNot) {
  const auto network = TwoLayers(3, 5);
  const ParameterLayout& layout = network->layout();
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
  const auto network = TwoLayers(4, 7);
  const ParameterLayout& layout = network->layout();
  std::vector<float> parameters(layout.size());
  std::iota(parameters.begin(), parameters.end(), 0.0f);
  std::vector<float> copied(layout.size());
  for (const Tensor& tensor : layout.tensors()) {
    std::vector<float> values(tensor.size());
    ToFileOrder(tensor, parameters.data(), values.data());
    FromFileOrder(tensor, values.data(), copied.data());
  }
  EXPECT_EQ(copied, parameters);
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
