#include "tests/benchmark/studies/protocols.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/math/random.h"
#include "core/nn/initialization.h"
#include "core/nn/parameters.h"

namespace runnel {
namespace {

class ProtocolsTest : public testing::Test {
 protected:
  ProtocolsTest() {
    InitializeParameters(*network_, Initialization::kUniformFanHidden, 8, parameters_.data());
    for (float& parameter : parameters_) parameter *= 3;  // so that the state matters
  }

  static Corpus RandomText() {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += static_cast<char>('a' + 7 * RandomUniform(1, 0, i));
    return Corpus::Load(StringSource(text), VocabularyKind::kCodePoints).value();
  }

  // Returns the summed nats of the `count` characters after `first`, read one by one from the zero
  // state.
  double SumOf(int64_t first, int64_t count) const {
    const auto decoder = network_->NewDecoder(parameters_.data(), DecodePrecision::kF32);
    std::vector<int32_t> ids(count + 1);
    corpus_.CopyIds(first, count + 1, 1, ids.data());
    std::vector<float> state(decoder->state_size());
    std::vector<float> logits(corpus_.vocabulary().size());
    float* pointer = state.data();
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      decoder->Step({&ids[i], 1}, {&pointer, 1}, logits.data());
      double all = 0;
      for (const float logit : logits) all += std::exp(static_cast<double>(logit));
      sum += std::log(all) - static_cast<double>(logits[ids[i + 1]]);
    }
    return sum;
  }

  const Corpus corpus_ = RandomText();
  const CorpusRange range_ = {.begin = 1000, .end = 19'400};
  const std::unique_ptr<Network<float>> network_ =
      MakeNetwork<float>({.num_layers = 2, .hidden_size = 9}, corpus_.vocabulary().size());
  std::vector<float> parameters_ = std::vector<float>(network_->layout().size());
};

TEST_F(ProtocolsTest, StatefulLoss_IsThatOfOnePassCharacterByCharacter) {
  EXPECT_NEAR(StatefulLoss(*network_, parameters_, corpus_, range_), SumOf(1000, 18'399) / 18'399,
              1e-4);
}

TEST_F(ProtocolsTest, ColdLoss_IsThatOfWindowsFromTheZeroState) {
  double sum = 0;
  for (int64_t window = 0; window < 71; ++window)
    sum += SumOf(1000 + window * kColdWindow, kColdWindow);
  for (const int threads : {1, 2}) {
    WorkerPool pool(threads);
    EXPECT_NEAR(ColdLoss(*network_, parameters_, corpus_, range_, &pool), sum / (71 * kColdWindow),
                1e-4);
  }
}

}  // namespace
}  // namespace runnel
