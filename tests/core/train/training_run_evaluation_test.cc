// When a run evaluates, which weights it keeps, and when it ends because its loss no longer
// improves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/train/training_run_fixture.h"

namespace runnel {
namespace {

using testing::ElementsAre;

class TrainingRunEvaluation : public TrainingRunTest {
 protected:
  // Evaluates at every fourth step; an evaluation of 4 windows asks about 210 questions. From the
  // 300th question on, in the middle of the second evaluation, the answer is yes.
  TrainingOutcome RunAbandonedAtStep8(int64_t max_steps) {
    TrainingOptions options = Options();
    options.validation_fraction = 0.5f;  // 200 symbols
    options.evaluate_every_steps = 4;
    options.max_steps = max_steps;
    recorder_.abandoned_after = 300;
    return Run(options, &recorder_).value();
  }
};

TEST_F(TrainingRunEvaluation, Evaluation_IsOnceAnEpochAndAtTheEnd) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;
  options.batch_size = 1;
  options.sequence_length = 5;
  options.max_steps = 130;
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  ASSERT_EQ(setup_->trainer.batches_per_epoch(), 63);
  EXPECT_THAT(recorder_.Steps(), ElementsAre(63, 126, 130));
  for (const auto& report : recorder_.reports) EXPECT_TRUE(report.validation_loss.has_value());
  EXPECT_DOUBLE_EQ(*recorder_.reports.back().validation_loss, setup_->trainer.ValidationLoss());
  EXPECT_TRUE(outcome.validation_loss.has_value());
}

TEST_F(TrainingRunEvaluation, Evaluation_OfShortEpochsIsFiftyStepsApart) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;  // 10 lanes of 32: 3 batches an epoch
  options.max_steps = 108;
  ASSERT_TRUE(Run(options, &recorder_).ok());
  ASSERT_EQ(setup_->trainer.batches_per_epoch(), 3);
  EXPECT_THAT(recorder_.Steps(), ElementsAre(50, 100, 108));
}

TEST_F(TrainingRunEvaluation, EvaluateEverySteps_IsFollowed) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;
  options.evaluate_every_steps = 4;
  options.max_steps = 8;
  ASSERT_TRUE(Run(options, &recorder_).ok());
  EXPECT_THAT(recorder_.Steps(), ElementsAre(4, 8));
}

TEST_F(TrainingRunEvaluation, AbandonedDuringAnEvaluation_EndsWithoutIt) {
  const TrainingOutcome outcome = RunAbandonedAtStep8(/*max_steps=*/12);
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.steps, 8);
  EXPECT_THAT(recorder_.Steps(), ElementsAre(4));
  EXPECT_EQ(outcome.validation_loss, recorder_.reports[0].validation_loss);
}

TEST_F(TrainingRunEvaluation, AbandonedDuringTheLastEvaluation_IsStoppedWithoutIt) {
  const TrainingOutcome outcome = RunAbandonedAtStep8(/*max_steps=*/8);
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.steps, 8);
  EXPECT_THAT(recorder_.Steps(), ElementsAre(4));
}

TEST_F(TrainingRunEvaluation, WeightsWithTheBestValidationLoss_AreKept) {
  // Training learns well for six steps; then the weights are spoiled from outside and get worse.
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;
  options.evaluate_every_steps = 2;
  options.max_steps = 12;
  recorder_.on_report = [this] {
    if (recorder_.reports.size() != 3) return;
    for (float& weight : *setup_->trainer.mutable_parameters()) weight *= -20;
  };
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  ASSERT_EQ(recorder_.reports.size(), 6u);
  const double best = *recorder_.reports[2].validation_loss;
  for (const ProgressReport& report : recorder_.reports) {
    EXPECT_TRUE(report.step == 6 || *report.validation_loss > best) << report.step;
  }
  EXPECT_EQ(outcome.steps, 12);
  EXPECT_EQ(outcome.parameters, recorder_.weights[2]);
  EXPECT_NE(outcome.parameters, setup_->trainer.parameters());
  EXPECT_EQ(*outcome.validation_loss, best);
}

TEST_F(TrainingRunEvaluation, StopBetweenEvaluations_EvaluatesTheLastWeightsToo) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;
  options.evaluate_every_steps = 4;
  recorder_.stop_at = 7;
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  EXPECT_TRUE(outcome.stopped);
  EXPECT_THAT(recorder_.Steps(), ElementsAre(4, 7));
  EXPECT_LT(*recorder_.reports[1].validation_loss, *recorder_.reports[0].validation_loss);
  EXPECT_EQ(outcome.parameters, setup_->trainer.parameters());
  EXPECT_EQ(*outcome.validation_loss, *recorder_.reports[1].validation_loss);
}

TEST_F(TrainingRunEvaluation, TimeThatRunsOutInAReport_StillEndsWithAnEvaluation) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;
  options.evaluate_every_steps = 1000;
  options.max_seconds = 2;
  recorder_.seconds_per_step = 0.3;
  recorder_.on_report = [this] { recorder_.now += 1.5; };
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  ASSERT_FALSE(recorder_.reports.empty());
  EXPECT_EQ(recorder_.reports.back().step, outcome.steps);
  EXPECT_TRUE(recorder_.reports.back().validation_loss.has_value());
  EXPECT_TRUE(outcome.validation_loss.has_value());
}

TEST_F(TrainingRunEvaluation, EarlyStopping_EndsAfterSoManyEvaluationsWithoutABetterLoss) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;
  options.evaluate_every_steps = 2;
  options.early_stopping_patience = 3;
  options.learning_rate = 1e-4;
  recorder_.on_report = [this] {  // spoiled after the third evaluation
    if (recorder_.reports.size() != 3) return;
    for (float& weight : *setup_->trainer.mutable_parameters()) weight *= -20;
  };
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  EXPECT_FALSE(outcome.stopped);
  EXPECT_EQ(outcome.steps, 12);
  EXPECT_EQ(outcome.parameters, recorder_.weights[2]);
  EXPECT_EQ(outcome.validation_loss, recorder_.reports[2].validation_loss);
}

}  // namespace
}  // namespace runnel
