#include "core/train/training_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/train/schedule.h"
#include "tests/core/train/training_run_fixture.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(StepLimit, IsTheEarlierOfStepsAndEpochs) {
  EXPECT_EQ(StepLimit({}, 10), 0);
  EXPECT_EQ(StepLimit({.max_steps = 7}, 10), 7);
  EXPECT_EQ(StepLimit({.epochs = 2}, 10), 20);
  EXPECT_EQ(StepLimit({.epochs = 0.25}, 10), 3);
  EXPECT_EQ(StepLimit({.epochs = 1e-9}, 10), 1);
  EXPECT_EQ(StepLimit({.epochs = 2, .max_steps = 7}, 10), 7);
  EXPECT_EQ(StepLimit({.epochs = 0.5, .max_steps = 7}, 10), 5);
}

TEST(StepLimit, EndlessEpochs_StayALimitThatMaxStepsCanUndercut) {
  EXPECT_GT(StepLimit({.epochs = 1e300}, 10), int64_t{1} << 60);
  EXPECT_EQ(StepLimit({.epochs = 1e300, .max_steps = 7}, 10), 7);
}

TEST_F(TrainingRunTest, MaxSteps_EndsTheRunWithAReport) {
  TrainingOptions options = Options();
  options.max_steps = 13;
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  EXPECT_FALSE(outcome.stopped);
  EXPECT_EQ(outcome.steps, 13);
  EXPECT_EQ(outcome.chars_seen, 13 * 90);
  EXPECT_EQ(outcome.validation_loss, std::nullopt);
  EXPECT_EQ(outcome.parameters, setup_->trainer.parameters());
  EXPECT_THAT(recorder_.Steps(), ElementsAre(13));
  EXPECT_DOUBLE_EQ(recorder_.reports[0].epoch, 13 / 4.0);
  EXPECT_EQ(recorder_.reports[0].seconds_left, 0);
}

TEST_F(TrainingRunTest, Epochs_EndTheRun) {
  TrainingOptions options = Options();
  options.epochs = 2.5;
  EXPECT_EQ(Run(options, &recorder_)->steps, 10);
  ASSERT_EQ(setup_->trainer.batches_per_epoch(), 4);
}

TEST_F(TrainingRunTest, MaxSeconds_EndsTheRunAtTheFirstStepBeyondIt) {
  TrainingOptions options = Options();
  options.max_seconds = 2;
  recorder_.seconds_per_step = 0.3;
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  EXPECT_EQ(outcome.steps, 7);
  EXPECT_NEAR(outcome.seconds, 2.1, 1e-9);
}

TEST_F(TrainingRunTest, MaxSecondsThatAreOverAtOnce_LeaveOneStep) {
  TrainingOptions options = Options();
  options.max_seconds = 1e-9;
  setup_ = std::make_unique<TrainingSetup<float>>(BrookCorpus(5), NetworkConfig{.hidden_size = 8},
                                                  options);
  double now = 0;  // advances each time it is read
  const auto outcome = RunTraining(
      options, [&now] { return now += 1; }, &setup_->trainer, &recorder_);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->steps, 1);
  EXPECT_THAT(recorder_.Steps(), ElementsAre(1));
}

TEST_F(TrainingRunTest, FirstLimitReached_EndsTheRun) {
  TrainingOptions options = Options();
  options.max_seconds = 2;
  options.max_steps = 3;
  options.epochs = 100;
  recorder_.seconds_per_step = 0.3;
  EXPECT_EQ(Run(options, &recorder_)->steps, 3);
  options.max_steps = 30;
  Recorder other;
  other.seconds_per_step = 0.5;
  EXPECT_EQ(Run(options, &other)->steps, 4);
}

TEST_F(TrainingRunTest, NoLimit_RunsUntilStopped) {
  recorder_.stop_at = 500;
  const TrainingOutcome outcome = Run(Options(), &recorder_).value();
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.steps, 500);
  EXPECT_EQ(outcome.parameters, setup_->trainer.parameters());
}

TEST_F(TrainingRunTest, StopBeforeTheFirstStep_KeepsTheFirstWeights) {
  TrainingOptions options = Options();
  options.validation_fraction = 0.2f;
  recorder_.stop_at = 0;
  const TrainingOutcome outcome = Run(options, &recorder_).value();
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.steps, 0);
  EXPECT_TRUE(recorder_.reports.empty());
  EXPECT_EQ(outcome.parameters, setup_->trainer.parameters());
}

TEST_F(TrainingRunTest, Reports_ComeTwiceASecond) {
  TrainingOptions options = Options();
  options.max_steps = 20;
  recorder_.seconds_per_step = 0.125;
  ASSERT_TRUE(Run(options, &recorder_).ok());
  EXPECT_THAT(recorder_.Steps(), ElementsAre(4, 8, 12, 16, 20));
  for (const ProgressReport& report : recorder_.reports) {
    EXPECT_DOUBLE_EQ(report.chars_per_second, 90 / 0.125);
    EXPECT_EQ(report.chars_seen, report.step * 90);
    EXPECT_NEAR(report.seconds_left, (20 - static_cast<double>(report.step)) * 0.125, 1e-9);
  }
}

TEST_F(TrainingRunTest, TimeSpentInReports_IsLeftOutOfTheSpeed) {
  TrainingOptions options = Options();
  options.max_steps = 20;
  recorder_.seconds_per_step = 0.125;
  recorder_.on_report = [this] { recorder_.now += 7; };
  ASSERT_TRUE(Run(options, &recorder_).ok());
  EXPECT_THAT(recorder_.Steps(), ElementsAre(4, 8, 12, 16, 20));
  for (const auto& report : recorder_.reports) EXPECT_DOUBLE_EQ(report.chars_per_second, 720);
}

TEST_F(TrainingRunTest, Previews_AreDueAtTheirSteps) {
  TrainingOptions options = Options();
  options.max_steps = 11;
  options.sample_every_steps = 5;
  ASSERT_TRUE(Run(options, &recorder_).ok());
  EXPECT_THAT(recorder_.Steps(), ElementsAre(5, 10, 11));
  EXPECT_TRUE(recorder_.reports[0].sample_due);
  EXPECT_TRUE(recorder_.reports[1].sample_due);
  EXPECT_FALSE(recorder_.reports[2].sample_due);
}

TEST_F(TrainingRunTest, Losses_AreMeansSinceTheLastReportAndTheSmoothSum) {
  TrainingOptions options = Options();
  options.schedule = LearningRateSchedule::kConstant;
  options.max_steps = 12;
  recorder_.seconds_per_step = 0.125;
  ASSERT_TRUE(Run(options, &recorder_).ok());

  TrainingSetup<float> twin(BrookCorpus(5), {.hidden_size = 8}, options);
  double smooth = 9 * std::log(twin.corpus.vocabulary().size());
  ASSERT_EQ(recorder_.reports.size(), 3u);
  for (const ProgressReport& report : recorder_.reports) {
    double sum = 0;
    double norm = 0;
    for (int i = 0; i < 4; ++i) {
      const StepResult result = twin.trainer.Step(0.01f);
      sum += result.loss;
      smooth = 0.999 * smooth + 0.001 * 9 * result.loss;
      norm = result.gradient_norm;
    }
    EXPECT_DOUBLE_EQ(report.loss, sum / 4);
    EXPECT_DOUBLE_EQ(report.smooth_loss, smooth);
    EXPECT_DOUBLE_EQ(report.gradient_norm, norm);
    EXPECT_DOUBLE_EQ(report.learning_rate, 0.01);
  }
}

TEST_F(TrainingRunTest, Schedule_FollowsTheStepsOrTheTimeWhicheverIsFurther) {
  TrainingOptions options = Options();
  options.schedule = LearningRateSchedule::kExponential;
  options.sample_every_steps = 1;
  options.max_steps = 4;
  ASSERT_TRUE(Run(options, &recorder_).ok());
  ASSERT_EQ(recorder_.reports.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(recorder_.reports[i].learning_rate, LearningRateAt(options, i, i / 4.0));
  }
  // Half a second of two is gone before the first step; then 0.25 a step is further than 1 / 100.
  options.max_steps = 100;
  options.max_seconds = 2;
  Recorder timed;
  timed.seconds_per_step = 0.5;
  ASSERT_TRUE(Run(options, &timed).ok());
  ASSERT_EQ(timed.reports.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(timed.reports[i].learning_rate, LearningRateAt(options, i, (i + 1) / 4.0));
  }
}

TEST_F(TrainingRunTest, NoLimit_LeavesTheScheduleAtItsStart) {
  TrainingOptions options = Options();
  options.schedule = LearningRateSchedule::kCosine;
  options.sample_every_steps = 50;
  recorder_.stop_at = 100;
  ASSERT_TRUE(Run(options, &recorder_).ok());
  for (const ProgressReport& report : recorder_.reports) {
    EXPECT_DOUBLE_EQ(report.learning_rate, 0.01);
    EXPECT_EQ(report.seconds_left, 0);
  }
}

TEST_F(TrainingRunTest, DivergedLoss_IsAborted) {
  TrainingOptions options = Options();
  options.max_steps = 50;
  options.sample_every_steps = 4;
  recorder_.on_report = [this] {
    setup_->trainer.mutable_parameters()->back() = std::numeric_limits<float>::quiet_NaN();
  };
  const absl::Status status = Run(options, &recorder_).status();
  EXPECT_EQ(status, absl::AbortedError(
                        "training diverged at step 5: the loss is no longer finite; nothing is "
                        "published; a smaller learning_rate or clip_norm may help"));
}

TEST_F(TrainingRunTest, LossFarAboveGuessing_IsAborted) {
  TrainingOptions options = Options();
  options.max_steps = 1000;
  options.learning_rate = 1e-9;
  options.sample_every_steps = 200;
  recorder_.on_report = [this] {  // after the check at step 200
    for (float& weight : *setup_->trainer.mutable_parameters()) weight *= 100;
  };
  const absl::Status status = Run(options, &recorder_).status();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("training diverged at step 400: the loss of the last 200 steps is"));
}

TEST_F(TrainingRunTest, BaseThatKnowsTheTextWorseThanGuessing_MayLearnItSlowly) {
  TrainingOptions options = Options();
  options.max_steps = 400;
  options.learning_rate = 1e-5;
  TrainingSetup<float> setup(BrookCorpus(5), {.hidden_size = 8}, options);
  for (float& weight : *setup.trainer.mutable_parameters()) weight *= 100;
  const auto outcome = RunTraining(
      options, [] { return 0.0; }, &setup.trainer, &recorder_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_GT(recorder_.reports.back().loss, std::log(setup.network->vocabulary_size()) + 1);
}

TEST_F(TrainingRunTest, WeightThatIsNotFinite_IsNeverAnOutcome) {
  TrainingOptions options = Options();
  options.max_steps = 3;
  recorder_.on_report = [this] {
    setup_->trainer.mutable_parameters()->back() = std::numeric_limits<float>::infinity();
  };
  EXPECT_THAT(std::string(Run(options, &recorder_).status().message()),
              HasSubstr("training diverged at step 3: a weight is no longer finite"));
}

TEST_F(TrainingRunTest, HugeLearningRateWithRelu_IsAbortedAndNeverEndless) {
  TrainingOptions options = Options();
  options.max_steps = 400;
  options.learning_rate = 100;
  options.optimizer = Optimizer::kAdagrad;
  options.schedule = LearningRateSchedule::kConstant;
  TrainingSetup<float> setup(
      BrookCorpus(5), {.cell = CellType::kRnnRelu, .num_layers = 3, .hidden_size = 32}, options);
  const absl::Status status = RunTraining(
                                  options, [] { return 0.0; }, &setup.trainer, &recorder_)
                                  .status();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("training diverged"));
}

}  // namespace
}  // namespace runnel
