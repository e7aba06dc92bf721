// What the trainer reads: lanes that begin elsewhere each epoch, documents, the first lane.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/train/trainer.h"
#include "tests/core/train/training_fixture.h"

namespace runnel {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

TEST(TrainerLanes, ShiftedLanes_BeginElsewhereEachEpoch) {
  TrainingOptions options = SmallTraining();
  options.shift_lanes = true;
  options.seed = 3;
  const Corpus corpus = BrookCorpus(5);
  TrainingSetup<double> setup(corpus, kSmallNetwork, options);
  const std::vector<double> zeros(setup.network->state_size());
  std::set<int32_t> first;
  for (int epoch = 0; epoch < 8; ++epoch) {
    EXPECT_EQ(setup.trainer.FirstLaneState(), zeros);
    first.insert(setup.trainer.FirstInput());
    for (int64_t i = 0; i < setup.trainer.batches_per_epoch(); ++i) setup.trainer.Step(0.01);
  }
  EXPECT_GT(first.size(), 2u);
}

TEST(TrainerLanes, Documents_AreLearntEachFromTheZeroState) {
  // Only the document itself determines what follows "x". If the state crossed the border, the
  // network could tell the two documents apart, and the loss would fall below ln(2) / 3.
  std::string text;
  for (int i = 0; i < 200; ++i) text += i % 2 == 0 ? "xa|" : "xb|";
  const Corpus corpus =
      Corpus::Load(StringSource(text), VocabularyRules{.document_separator = "|"}).value();
  TrainingOptions options = SmallTraining();
  options.optimizer = Optimizer::kAdam;
  options.sequence_length = 20;
  TrainingSetup<float> setup(corpus, {.hidden_size = 16}, options);
  double loss = 0;
  for (int step = 0; step < 600; ++step) loss = setup.trainer.Step(0.01f).loss;
  // One of three symbols is a coin's toss, the others are certain.
  EXPECT_NEAR(loss, std::log(2.0) / 3, 0.03);
}

TEST(TrainerLanes, FirstLane_StandsAtTheNextBatch) {
  TrainingOptions options = SmallTraining();
  const Corpus corpus = BrookCorpus(5);
  TrainingSetup<double> setup(corpus, kSmallNetwork, options);
  const auto at = [&](int64_t i) {
    int32_t id;
    corpus.CopyIds(i, 1, 1, &id);
    return id;
  };
  const std::vector<double> zeros(setup.network->state_size());
  EXPECT_EQ(setup.trainer.FirstLaneState(), zeros);
  EXPECT_EQ(setup.trainer.FirstInput(), at(0));
  const int64_t batches = setup.trainer.batches_per_epoch();
  for (int64_t batch = 1; batch < batches; ++batch) {
    setup.trainer.Step(0.01);
    EXPECT_EQ(setup.trainer.FirstInput(), at(batch * options.sequence_length));
    EXPECT_NE(setup.trainer.FirstLaneState(), zeros);
  }
  setup.trainer.Step(0.01);
  EXPECT_EQ(setup.trainer.FirstInput(), at(0));
  EXPECT_EQ(setup.trainer.FirstLaneState(), zeros);
}

TEST(TrainerLanes, FirstLaneState_IsWhatTheLaneHasRead) {
  TrainingOptions options = SmallTraining();
  const Corpus corpus = BrookCorpus(5);
  TrainingSetup<double> setup(corpus, kSmallNetwork, options);
  const auto decoder = setup.network->NewDecoder(setup.trainer.parameters().data());
  setup.trainer.Step(0);  // leaves the weights as they are
  std::vector<double> state(decoder->state_size());
  std::vector<double> logits(decoder->vocabulary_size());
  double* pointer = state.data();
  std::vector<int32_t> ids(options.sequence_length);
  corpus.CopyIds(0, options.sequence_length, 1, ids.data());
  for (const int32_t id : ids) decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
  EXPECT_THAT(setup.trainer.FirstLaneState(), Pointwise(DoubleNear(1e-13), state));
}

}  // namespace
}  // namespace runnel
