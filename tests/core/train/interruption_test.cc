// Interrupted work stops soon, and an interrupted step leaves the trainer as it was.
#include "core/base/interruption.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "tests/core/train/training_fixture.h"
#include "tests/core/train/training_run_fixture.h"

namespace runnel {
namespace {

// Answers no `nos` times, then yes; counts the questions.
struct Answers {
  explicit Answers(int nos) : nos(nos) {}

  const int nos;
  std::atomic<int> asked = 0;
  Interruption interruption{[this] { return asked++ >= nos; }};
};

constexpr int kNever = 1 << 30;

// Two shards of 10 lanes, everything that a step changes, and lanes that a reset may zero.
TrainingOptions EveryState() {
  TrainingOptions options = SmallTraining(Optimizer::kAdam);
  options.batch_size = 20;
  options.clip_norm = 1;
  options.averaging = 0.1f;
  options.state_reset_share = 0.2f;
  options.shift_lanes = true;
  options.dropout = {.output = 0.2f, .recurrent = 0.1f};
  return options;
}

using TrainerSetup = TrainingSetup<float>;

void ExpectSameState(const TrainerSetup& setup, const TrainerSetup& twin) {
  EXPECT_EQ(setup.trainer.parameters(), twin.trainer.parameters());
  EXPECT_EQ(setup.trainer.outcome(), twin.trainer.outcome());
  EXPECT_EQ(setup.trainer.FirstLaneState(), twin.trainer.FirstLaneState());
  EXPECT_EQ(setup.trainer.FirstInput(), twin.trainer.FirstInput());
}

TEST(InterruptedStep, AtAnyQuestion_LeavesTheTrainerAsItWas) {
  for (const CellType cell : {CellType::kLstm, CellType::kGruResetBefore}) {
    NetworkConfig network = kSmallNetwork;
    network.cell = cell;
    TrainerSetup setup(BrookCorpus(20), network, EveryState());
    TrainerSetup twin(BrookCorpus(20), network, EveryState());
    for (int step = 0; step < 3; ++step) {
      int nos = 0;
      std::optional<StepResult> result;
      for (; !result; nos += 5) {
        Answers answers(nos);
        result = setup.trainer.Step(0.01f, &answers.interruption);
        if (result) break;
        ASSERT_EQ(answers.asked.load(), nos + 1);  // nobody asks again after a yes
        ExpectSameState(setup, twin);
        if (testing::Test::HasFailure()) return;
      }
      const StepResult expected = twin.trainer.Step(0.01f);
      EXPECT_EQ(result->loss, expected.loss);
      EXPECT_EQ(result->gradient_norm, expected.gradient_norm);
      ExpectSameState(setup, twin);
    }
  }
}

TEST(InterruptedStep, OfThreadsOrAnotherDirection_LeavesTheTrainerAsItWas) {
  NetworkConfig network = kSmallNetwork;
  network.bidirectional = true;
  TrainingOptions options = EveryState();
  options.mask_fraction = 0.25f;
  TrainerSetup setup(BrookCorpus(20), network, options, /*threads=*/2);
  TrainerSetup twin(BrookCorpus(20), network, options);
  for (int nos = 0; nos < 60; nos += 7) {
    Answers answers(nos);
    ASSERT_FALSE(setup.trainer.Step(0.01f, &answers.interruption).has_value());
  }
  EXPECT_EQ(setup.trainer.Step(0.01f).loss, twin.trainer.Step(0.01f).loss);
  EXPECT_EQ(setup.trainer.parameters(), twin.trainer.parameters());
}

TEST(InterruptedStep, Questions_AreAsManyAsStepsOfAllLayersForwardAndBack) {
  const TrainingOptions options = EveryState();
  TrainerSetup setup(BrookCorpus(20), kSmallNetwork, options);
  Answers answers(kNever);
  ASSERT_TRUE(setup.trainer.Step(0.01f, &answers.interruption).has_value());
  constexpr int kShards = 2;
  EXPECT_GE(answers.asked.load(), kShards * kSmallNetwork.num_layers * options.sequence_length * 2);
}

TEST(InterruptedEvaluation, HasNoResultAndAsksAtEachStep) {
  TrainingOptions options = EveryState();
  options.validation_fraction = 0.5f;
  TrainerSetup setup(BrookCorpus(20), kSmallNetwork, options);
  Answers never(kNever);
  EXPECT_EQ(setup.trainer.ValidationLoss(&never.interruption), setup.trainer.ValidationLoss());
  EXPECT_GE(never.asked.load(), 1500);  // 799 symbols in a lane, two layers
  Answers midst(never.asked / 2);
  EXPECT_FALSE(setup.trainer.ValidationLoss(&midst.interruption).has_value());
  EXPECT_EQ(midst.asked.load(), midst.nos + 1);
}

TEST(InterruptedInitialization, AsksBeforeEachOrthogonalMatrix) {
  const Corpus corpus = BrookCorpus(20);
  const auto network =
      MakeNetwork<float>({.cell = CellType::kLstm, .hidden_size = 12}, corpus.vocabulary().size());
  TrainingOptions options = SmallTraining();
  options.initialization = Initialization::kOrthogonal;
  WorkerPool pool(1);
  Answers never(kNever);
  const Trainer<float> whole(*network, corpus, options, &pool, &never.interruption);
  EXPECT_GE(never.asked.load(), 5 + 4 * 3);  // tensors, and thrice for each of four gates
  Answers once(1);
  const Trainer<float> part(*network, corpus, options, &pool, &once.interruption);
  EXPECT_EQ(once.asked.load(), 2);
  EXPECT_EQ(part.parameters().back(), 0);  // the output's bias comes last
}

// Stops within a step, or evaluation, after so many questions.
class StopsAtOnce : public Recorder {
 public:
  bool StopRequested() override { return stopping || Recorder::StopRequested(); }
  bool StopAtOnce() override {
    if (asked++ == nos) stopping = true;
    return stopping;
  }

  int nos = 0;
  std::atomic<int> asked = 0;
  std::atomic<bool> stopping = false;
};

class InterruptedRun : public TrainingRunTest {};

TEST_F(InterruptedRun, WithinAStep_EndsAsIfStoppedBeforeIt) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.5f;
  options.evaluate_every_steps = 4;
  Recorder counting;
  counting.stop_at = 6;
  const TrainingOutcome expected = Run(options, &counting).value();
  ASSERT_EQ(expected.steps, 6);

  StopsAtOnce whole;
  whole.nos = kNever;
  whole.stop_at = 1;
  ASSERT_TRUE(Run(options, &whole).ok());
  StopsAtOnce stops;
  stops.nos = 6 * whole.asked + whole.asked / 2;  // in the midst of the seventh step
  const TrainingOutcome outcome = Run(options, &stops).value();
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.steps, 6);
  EXPECT_EQ(outcome.chars_seen, expected.chars_seen);
  EXPECT_EQ(outcome.parameters, expected.parameters);
  EXPECT_EQ(outcome.validation_loss, expected.validation_loss);
  EXPECT_EQ(stops.Steps(), counting.Steps());
  EXPECT_EQ(stops.reports.back().learning_rate, counting.reports.back().learning_rate);
}

}  // namespace
}  // namespace runnel
