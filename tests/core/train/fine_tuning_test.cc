#include "core/train/fine_tuning.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "core/nn/initialization.h"

namespace runnel {
namespace {

// A network over a vocabulary, with weights.
struct Side {
  Side(const NetworkConfig& config, Vocabulary known, uint64_t seed)
      : vocabulary(std::move(known)),
        network(MakeNetwork<double>(config, vocabulary.size())),
        parameters(network->layout().size()) {
    InitializeParameters(*network, Initialization::kUniformFanHidden, seed, parameters.data());
  }

  // The log-probabilities after reading `ids`, up to a constant.
  std::vector<double> Logits(const std::vector<int32_t>& ids) const {
    const auto decoder = network->NewDecoder(parameters.data());
    std::vector<double> state(decoder->state_size());
    std::vector<double> logits(vocabulary.size());
    double* pointer = state.data();
    for (const int32_t id : ids) decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
    return logits;
  }

  Vocabulary vocabulary;
  std::unique_ptr<Network<double>> network;
  std::vector<double> parameters;
};

TEST(CarryOver, GrownModel_ReadsAndWritesOldSymbolsAsBefore) {
  const VocabularyRules rules = {.min_char_count = 2, .document_separator = "|"};
  for (const CellType cell : {CellType::kRnnTanh, CellType::kLstmPeephole,
                              CellType::kGruResetBefore, CellType::kGruResetAfter}) {
    for (const int embedding : {0, 5}) {
      const NetworkConfig config = {
          .cell = cell, .num_layers = 2, .hidden_size = 6, .embedding_size = embedding};
      const Side old(config, Vocabulary::FromCodePoints({U'b', U'd', U'e'})->With(rules), 1);
      Side grown(config,
                 Vocabulary::FromCodePoints({U'a', U'b', U'c', U'd', U'e', U'z'})->With(rules), 2);
      CarryOver<double>({old.network->layout(), old.vocabulary, old.parameters.data()},
                        {grown.network->layout(), grown.vocabulary, grown.parameters.data()});
      // b, d, e, the end of a document and the unknown symbol are 0 to 4, and now:
      const std::vector<int32_t> moved = {1, 3, 4, 6, 7};
      const std::vector<double> before = old.Logits({3, 0, 2, 4, 1});
      const std::vector<double> after = grown.Logits({6, 1, 4, 7, 3});
      for (size_t id = 0; id < moved.size(); ++id) {
        EXPECT_NEAR(after[moved[id]], before[id], 1e-12) << id;
      }
      const double* biases =
          old.parameters.data() + old.network->layout().Find("output.bias")->offset;
      const double* grown_biases =
          grown.parameters.data() + grown.network->layout().Find("output.bias")->offset;
      for (const int32_t id : {0, 2, 5}) {
        EXPECT_EQ(grown_biases[id], *std::min_element(biases, biases + 5));
      }
    }
  }
}

TEST(CarryOver, SameVocabulary_KeepsEveryWeight) {
  const NetworkConfig config = {.hidden_size = 6};
  const Side old(config, Vocabulary::Bytes(), 1);
  Side same(config, Vocabulary::Bytes(), 2);
  CarryOver<double>({old.network->layout(), old.vocabulary, old.parameters.data()},
                    {same.network->layout(), same.vocabulary, same.parameters.data()});
  EXPECT_EQ(same.parameters, old.parameters);
}

}  // namespace
}  // namespace runnel
