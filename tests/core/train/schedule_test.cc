#include "core/train/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace runnel {
namespace {

TrainingOptions Options(LearningRateSchedule schedule, int64_t warmup_steps = 0) {
  return {.learning_rate = 0.5, .schedule = schedule, .warmup_steps = warmup_steps};
}

TEST(LearningRateAt, Constant_StaysWhereItIs) {
  const TrainingOptions options = Options(LearningRateSchedule::kConstant);
  for (const double progress : {0.0, 0.3, 1.0}) {
    EXPECT_DOUBLE_EQ(LearningRateAt(options, 1000, progress), 0.5);
  }
}

TEST(LearningRateAt, Exponential_FallsToAHundredth) {
  const TrainingOptions options = Options(LearningRateSchedule::kExponential);
  EXPECT_DOUBLE_EQ(LearningRateAt(options, 0, 0), 0.5);
  EXPECT_DOUBLE_EQ(LearningRateAt(options, 50, 0.5), 0.05);
  EXPECT_DOUBLE_EQ(LearningRateAt(options, 100, 1), 0.005);
}

TEST(LearningRateAt, Cosine_FallsToAHundredth) {
  const TrainingOptions options = Options(LearningRateSchedule::kCosine);
  EXPECT_DOUBLE_EQ(LearningRateAt(options, 0, 0), 0.5);
  EXPECT_NEAR(LearningRateAt(options, 1, 0.25), 0.5 * (0.01 + 0.99 * 0.853553390593274), 1e-15);
  EXPECT_NEAR(LearningRateAt(options, 1, 0.5), 0.5 * 0.505, 1e-15);
  EXPECT_NEAR(LearningRateAt(options, 1, 1), 0.005, 1e-15);
}

TEST(LearningRateAt, ProgressOutsideTheJob_IsClamped) {
  const TrainingOptions options = Options(LearningRateSchedule::kExponential);
  EXPECT_DOUBLE_EQ(LearningRateAt(options, 0, -0.1), 0.5);
  EXPECT_DOUBLE_EQ(LearningRateAt(options, 0, 1.7), 0.005);
}

TEST(LearningRateAt, Warmup_RisesLinearlyAndReachesTheFullRateAtItsLastStep) {
  const TrainingOptions options = Options(LearningRateSchedule::kConstant, /*warmup_steps=*/4);
  const std::vector<double> rates = {0.125, 0.25, 0.375, 0.5, 0.5};
  for (size_t step = 0; step < rates.size(); ++step) {
    EXPECT_DOUBLE_EQ(LearningRateAt(options, static_cast<int64_t>(step), 0), rates[step]);
  }
}

TEST(LearningRateAt, WarmupAndDecay_Multiply) {
  const TrainingOptions options = Options(LearningRateSchedule::kExponential, 10);
  EXPECT_DOUBLE_EQ(LearningRateAt(options, 4, 0.5), 0.5 * 0.5 * 0.1);
}

}  // namespace
}  // namespace runnel
