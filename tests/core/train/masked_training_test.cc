// Bidirectional networks: trained and evaluated on masked characters.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/train/evaluation.h"
#include "core/train/masking.h"
#include "tests/core/train/training_fixture.h"

namespace runnel {
namespace {

constexpr NetworkConfig kNetwork = {
    .cell = CellType::kLstm, .num_layers = 2, .hidden_size = 10, .bidirectional = true};

TrainingOptions Options() {
  return {.sequence_length = 20,
          .batch_size = 40,  // three shards
          .learning_rate = 0.01,
          .clip_norm = 1,
          .seed = 5,
          .mask_fraction = 0.2f};
}

// The same batches by hand: one window a lane, each from the zero state.
void ExpectLossesByHand(const Corpus& corpus) {
  const TrainingOptions options = Options();
  TrainingSetup<double> setup(corpus, kNetwork, options);
  const std::vector<double> parameters = setup.trainer.parameters();
  const StepResult first = setup.trainer.Step(1e-12);
  const StepResult second = setup.trainer.Step(1e-12);

  const Network<double>& network = *setup.network;
  const auto packed = network.NewPackedWeights();
  network.Pack(parameters.data(), nullptr, packed.get());
  const CorpusSplit split = setup.corpus.Split(options.validation_fraction);
  LaneReader reader(setup.corpus, split.training, options.batch_size, options.sequence_length);
  const auto activations = network.NewActivations(options.sequence_length, 1);
  for (int step = 0; step < 2; ++step) {
    double sum = 0;
    for (int lane = 0; lane < options.batch_size; ++lane) {
      std::vector<int32_t> inputs(options.sequence_length);
      std::vector<int32_t> targets(options.sequence_length);
      std::vector<uint8_t> resets(options.sequence_length);
      reader.CopyBatch(lane, lane + 1, inputs.data(), targets.data(), resets.data());
      MaskWindow(options.seed, step * options.batch_size + lane, options.sequence_length, 4,
                 setup.corpus.vocabulary().EndOfDocumentId(), 1, inputs.data(), targets.data());
      auto states = network.NewStates(1);
      network.Forward(
          *packed,
          {.inputs = inputs.data(), .steps = options.sequence_length, .resets = resets.data()},
          &states, activations.get());
      sum += network.Loss(targets.data(), options.sequence_length, 0, activations.get());
    }
    const double loss = step == 0 ? first.loss : second.loss;
    EXPECT_NEAR(loss, sum / (options.batch_size * 4), 1e-8) << "step " << step;
    reader.Advance();
  }
}

TEST(MaskedTraining, FirstSteps_AreTheLossOfTheHiddenCharactersOfWindowsFromZeroStates) {
  ExpectLossesByHand(BrookCorpus(60));
}

TEST(MaskedTraining, Documents_AreReadEachByItselfAndTheirEndsNeverAskedFor) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += i % 3 == 0 ? "anna|" : "the brook|";
  ExpectLossesByHand(
      Corpus::Load(StringSource(text), VocabularyRules{.document_separator = "|"}).value());
}

TEST(MaskedTraining, Weights_AreTheSameToTheBitForAnyNumberOfThreads) {
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3}) {
    TrainingSetup<float> setup(BrookCorpus(60), kNetwork, Options(), threads);
    for (int step = 0; step < 8; ++step) setup.trainer.Step(0.01f);
    results.push_back(setup.trainer.parameters());
  }
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

TEST(MaskedTraining, Steps_LowerTheValidationLoss) {
  TrainingSetup<float> setup(BrookCorpus(60), kNetwork, Options());
  const double before = setup.trainer.ValidationLoss();
  EXPECT_NEAR(before, std::log(setup.network->vocabulary_size()), 0.3);
  for (int step = 0; step < 300; ++step) setup.trainer.Step(0.01f);
  EXPECT_LT(setup.trainer.ValidationLoss(), before / 3);
}

TEST(MaskedEvaluation, ShortRange_IsItsWindowsByHand) {
  TrainingSetup<double> setup(BrookCorpus(60), kNetwork, Options());
  const Network<double>& network = *setup.network;
  const auto packed = network.NewPackedWeights();
  network.Pack(setup.trainer.parameters().data(), nullptr, packed.get());
  // 151 symbols: windows of 64, 64 and 22, of which 10, 10 and 3 are predicted.
  double sum = 0;
  for (const auto& [begin, steps, masked] :
       {std::tuple(100, 64, 10), std::tuple(164, 64, 10), std::tuple(228, 22, 3)}) {
    std::vector<int32_t> inputs(steps);
    std::vector<int32_t> targets(steps);
    setup.corpus.CopyIds(begin, steps, 1, inputs.data());
    MaskWindow(0, begin, steps, masked, std::nullopt, 1, inputs.data(), targets.data());
    const auto activations = network.NewActivations(steps, 1);
    auto states = network.NewStates(1);
    network.Forward(*packed, {.inputs = inputs.data(), .steps = steps}, &states, activations.get());
    sum += network.Loss(targets.data(), steps, 0, activations.get());
  }
  EXPECT_NEAR(Evaluate(network, *packed, setup.corpus, {100, 251}, &setup.pool), sum / 23, 1e-9);
}

TEST(MaskedEvaluation, Documents_AreReadEachFromTheZeroStateWhateverIsHidden) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "anna|" : "the brook|";
  const VocabularyRules rules = {.document_separator = "|"};
  TrainingSetup<double> setup(Corpus::Load(StringSource(text), rules).value(), kNetwork, Options());
  const Network<double>& network = *setup.network;
  const auto packed = network.NewPackedWeights();
  network.Pack(setup.trainer.parameters().data(), nullptr, packed.get());
  const int32_t end = *setup.corpus.vocabulary().EndOfDocumentId();
  for (int64_t begin = 0; begin < 640; begin += 64) {
    std::vector<int32_t> inputs(64);
    std::vector<int32_t> targets(64);
    std::vector<uint8_t> resets;
    setup.corpus.CopyIds(begin, 64, 1, inputs.data());
    for (const int32_t id : inputs) resets.push_back(id == end ? 1 : 0);
    MaskWindow(0, begin, 64, 10, end, 1, inputs.data(), targets.data());
    const auto activations = network.NewActivations(64, 1);
    auto states = network.NewStates(1);
    network.Forward(*packed, {.inputs = inputs.data(), .steps = 64, .resets = resets.data()},
                    &states, activations.get());
    const double sum = network.Loss(targets.data(), 64, 0, activations.get());
    EXPECT_NEAR(Evaluate(network, *packed, setup.corpus, {begin, begin + 65}, &setup.pool),
                sum / 10, 1e-9);
  }
}

TEST(MaskedEvaluation, AnyRange_PredictsSomethingOnAnyNumberOfThreads) {
  TrainingSetup<float> setup(BrookCorpus(300), kNetwork, Options());
  const auto packed = setup.network->NewPackedWeights();
  setup.network->Pack(setup.trainer.parameters().data(), nullptr, packed.get());
  for (const CorpusRange range : {CorpusRange{0, 2}, CorpusRange{5, 70}, CorpusRange{17, 20017}}) {
    const double one = Evaluate(*setup.network, *packed, setup.corpus, range, &setup.pool);
    EXPECT_GT(one, 1);
    EXPECT_LT(one, 6);
    WorkerPool three(3);
    EXPECT_EQ(Evaluate(*setup.network, *packed, setup.corpus, range, &three), one);
  }
}

}  // namespace
}  // namespace runnel
