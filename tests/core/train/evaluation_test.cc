#include "core/train/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/thread.h"
#include "core/nn/initialization.h"
#include "tests/core/train/training_fixture.h"

namespace runnel {
namespace {

template <typename Real>
class EvaluationTest : public testing::Test {
 protected:
  EvaluationTest()
      : network_(
            MakeNetwork<Real>({.num_layers = 2, .hidden_size = 9}, corpus_.vocabulary().size())),
        parameters_(network_->layout().size()),
        packed_(network_->NewPackedWeights()) {
    InitializeParameters(*network_, Initialization::kUniformFanHidden, 4, parameters_.data());
    network_->Pack(parameters_.data(), nullptr, packed_.get());
  }

  double EvaluateWith(int threads, CorpusRange range) {
    PrepareThreadForMath();
    WorkerPool pool(threads);
    return Evaluate(*network_, *packed_, corpus_, range, &pool);
  }

  // Summed nats of one pass over [begin, begin + targets], a character at a time.
  double PlainSum(int64_t begin, int64_t targets) {
    const auto decoder = network_->NewDecoder(parameters_.data());
    std::vector<Real> state(decoder->state_size());
    std::vector<Real> logits(decoder->vocabulary_size());
    std::vector<int32_t> ids(targets + 1);
    corpus_.CopyIds(begin, targets + 1, 1, ids.data());
    Real* pointer = state.data();
    double sum = 0;
    for (int64_t i = 0; i < targets; ++i) {
      decoder->Step({&ids[i], 1}, {&pointer, 1}, logits.data());
      double exponentials = 0;
      for (const Real logit : logits) exponentials += std::exp(static_cast<double>(logit));
      sum += std::log(exponentials) - static_cast<double>(logits[ids[i + 1]]);
    }
    return sum;
  }

  const Corpus corpus_ = BrookCorpus(250);  // 20,000 symbols
  const std::unique_ptr<Network<Real>> network_;
  std::vector<Real> parameters_;
  const std::unique_ptr<typename Network<Real>::PackedWeights> packed_;
};

using Reals = testing::Types<double, float>;
TYPED_TEST_SUITE(EvaluationTest, Reals);

TYPED_TEST(EvaluationTest, ShortRange_IsOnePlainPass) {
  const double tolerance = std::is_same_v<TypeParam, double> ? 1e-12 : 1e-6;
  for (const int64_t size : {2, 3, 64, 65, 66, 700, 1024}) {
    EXPECT_NEAR(this->EvaluateWith(1, {100, 100 + size}),
                this->PlainSum(100, size - 1) / static_cast<double>(size - 1), tolerance)
        << size << " symbols";
  }
}

TYPED_TEST(EvaluationTest, LongRange_IsThePassesOfItsLanes) {
  const double tolerance = std::is_same_v<TypeParam, double> ? 1e-12 : 1e-6;
  // 19,001 targets are 32 lanes of 593 at most; at least 512 symbols each makes 32.
  const int64_t lane = 19001 / 32;
  double sum = 0;
  for (int i = 0; i < 32; ++i) sum += this->PlainSum(500 + i * lane, lane);
  EXPECT_NEAR(this->EvaluateWith(1, {500, 500 + 19002}), sum / static_cast<double>(32 * lane),
              tolerance);
}

TYPED_TEST(EvaluationTest, Result_IsTheSameToTheBitForAnyNumberOfThreads) {
  for (const CorpusRange range : {CorpusRange{0, 20000}, CorpusRange{17, 9000}, {3, 60}}) {
    const double one = this->EvaluateWith(1, range);
    EXPECT_EQ(this->EvaluateWith(2, range), one);
    EXPECT_EQ(this->EvaluateWith(3, range), one);
  }
}

TEST(Evaluation, StretchBeyondTheMaximum_IsNotRead) {
  // The same text up to the maximum, then other characters: the loss must not see them.
  std::string text;
  while (text.size() < static_cast<size_t>(kEvaluationSymbolsMax)) text += "abcdefgh";
  const auto evaluate = [](const std::string& whole, int64_t end) {
    const Corpus corpus = Corpus::Load(StringSource(whole), VocabularyKind::kCodePoints).value();
    const auto network = MakeNetwork<float>({.hidden_size = 4}, corpus.vocabulary().size());
    std::vector<float> parameters(network->layout().size());
    InitializeParameters(*network, Initialization::kUniformFanHidden, 1, parameters.data());
    const auto packed = network->NewPackedWeights();
    network->Pack(parameters.data(), nullptr, packed.get());
    PrepareThreadForMath();
    WorkerPool pool(2);
    return Evaluate(*network, *packed, corpus, {0, end}, &pool);
  };
  const std::string more = text + std::string(100000, 'h');
  const auto size = static_cast<int64_t>(text.size());
  EXPECT_EQ(evaluate(more, static_cast<int64_t>(more.size())), evaluate(text, size));
}

}  // namespace
}  // namespace runnel
