#include "core/train/training_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/text/lanes.h"
#include "core/train/training_run.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> ViolationsOf(const TrainingOptions& options) {
  Violations violations;
  Validate(options, &violations);
  std::vector<std::string> list;
  for (const FieldViolation& v : violations.list()) list.push_back(v.field + " " + v.description);
  return list;
}

TEST(TrainingOptions, DefaultsOfEveryRecipe_AreValid) {
  EXPECT_THAT(ViolationsOf({}), IsEmpty());
  for (const Recipe recipe : {Recipe::kSeed, Recipe::kFast, Recipe::kBest}) {
    EXPECT_THAT(ViolationsOf(DefaultTraining(recipe)), IsEmpty());
    EXPECT_EQ(DefaultTraining(recipe).recipe, recipe);
    Violations violations;
    Validate(DefaultNetwork(recipe), &violations);
    EXPECT_TRUE(violations.empty());
  }
}

TEST(TrainingOptions, SeedRecipe_IsTheClassicScript) {
  EXPECT_EQ(DefaultNetwork(Recipe::kSeed).cell, CellType::kRnnTanh);
  EXPECT_EQ(DefaultNetwork(Recipe::kSeed).num_layers, 1);
  EXPECT_EQ(DefaultNetwork(Recipe::kSeed).hidden_size, 100);
  const TrainingOptions options = DefaultTraining(Recipe::kSeed);
  EXPECT_EQ(options.sequence_length, 25);
  EXPECT_EQ(options.batch_size, 1);
  EXPECT_EQ(options.optimizer, Optimizer::kAdagrad);
  EXPECT_EQ(options.learning_rate, 0.1);
  EXPECT_EQ(options.schedule, LearningRateSchedule::kConstant);
  EXPECT_EQ(options.warmup_steps, 0);
  EXPECT_EQ(options.clip_value, 5);
  EXPECT_EQ(options.clip_norm, 0);
  EXPECT_EQ(options.validation_fraction, 0);
  EXPECT_EQ(options.sample_every_steps, 1000);
  EXPECT_EQ(options.loss_reduction, LossReduction::kSumOverTime);
  EXPECT_EQ(options.initialization, Initialization::kNormal001);
  EXPECT_EQ(options.epochs + options.max_steps + options.max_seconds, 0);
}

TEST(TrainingOptions, CellAndStart_AreTheRecipesAndForManySymbolsFastsOwn) {
  for (const Recipe recipe : {Recipe::kSeed, Recipe::kFast, Recipe::kBest}) {
    EXPECT_EQ(DefaultCell(recipe, 1000), DefaultNetwork(recipe).cell);
    EXPECT_EQ(DefaultInitialization(recipe, 1000), DefaultTraining(recipe).initialization);
    if (recipe == Recipe::kFast) continue;
    EXPECT_EQ(DefaultCell(recipe, 1001), DefaultNetwork(recipe).cell);
    EXPECT_EQ(DefaultInitialization(recipe, 1001), DefaultTraining(recipe).initialization);
  }
  EXPECT_EQ(DefaultCell(Recipe::kFast, 1001), CellType::kGruResetAfter);
  EXPECT_EQ(DefaultInitialization(Recipe::kFast, 1001), Initialization::kOrthogonal);
}

TEST(TrainingOptions, NumbersOutOfBounds_AreNamedWithValueAndBounds) {
  EXPECT_THAT(
      ViolationsOf({.sequence_length = 0, .batch_size = 0}),
      ElementsAre("sequence_length is 0; must be 1 to 2048", "batch_size is 0; must be 1 to 1024"));
  EXPECT_THAT(ViolationsOf({.sequence_length = 2049, .batch_size = 1025}),
              ElementsAre("sequence_length is 2049; must be 1 to 2048",
                          "batch_size is 1025; must be 1 to 1024"));
  EXPECT_THAT(ViolationsOf({.learning_rate = 0}),
              ElementsAre("learning_rate is 0; must be above 0, at most 100"));
  EXPECT_THAT(ViolationsOf({.learning_rate = 101}),
              ElementsAre("learning_rate is 101; must be above 0, at most 100"));
  EXPECT_THAT(ViolationsOf({.validation_fraction = 0.95f}),
              ElementsAre("validation_fraction is 0.95; must be 0 to 0.9"));
  EXPECT_THAT(ViolationsOf({.sequence_length = 2048,
                            .batch_size = 1024,
                            .learning_rate = 100,
                            .validation_fraction = 0.9f}),
              IsEmpty());
}

TEST(TrainingOptions, DropoutOutOfBounds_IsNamedOnce) {
  const std::string bounds = "; must be at least 0 and below 1";
  EXPECT_THAT(ViolationsOf({.dropout = {.between = 1, .output = 2}}),
              ElementsAre("dropout is 2" + bounds));
  EXPECT_THAT(ViolationsOf({.dropout = {.between = 1}}), ElementsAre("dropout is 1" + bounds));
  EXPECT_THAT(ViolationsOf({.dropout = {.output = static_cast<float>(kNan)}}),
              ElementsAre("dropout is nan" + bounds));
}

// A job tells of one rate, the output's, from which the other follows.
TEST(TrainingOptions, DropoutOfEveryRecipe_IsThatOfOneRate) {
  for (const Recipe recipe : {Recipe::kSeed, Recipe::kFast, Recipe::kBest}) {
    const Dropout dropout = DefaultTraining(recipe).dropout;
    Dropout of_one_rate;
    of_one_rate.SetUnitRate(dropout.output);
    EXPECT_EQ(dropout.between, of_one_rate.between);
  }
}

TEST(TrainingOptions, NegativeNumbers_AreAllReported) {
  EXPECT_THAT(ViolationsOf({.epochs = -1,
                            .max_steps = -2,
                            .max_seconds = -3,
                            .learning_rate = -4,
                            .warmup_steps = -5,
                            .clip_value = -6,
                            .clip_norm = -7,
                            .validation_fraction = -8,
                            .evaluate_every_steps = -9,
                            .sample_every_steps = -10}),
              ElementsAre("epochs is -1; must be 0 or more, and finite",
                          "max_steps is -2; must be 0 or more",
                          "max_seconds is -3; must be 0 or more, and finite",
                          "learning_rate is -4; must be above 0, at most 100",
                          "warmup_steps is -5; must be 0 or more",
                          "clip_value is -6; must be 0 or more, and finite",
                          "clip_norm is -7; must be 0 or more, and finite",
                          "validation_fraction is -8; must be 0 to 0.9",
                          "evaluate_every_steps is -9; must be 0 or more",
                          "sample_every_steps is -10; must be 0 or more"));
}

TEST(TrainingOptions, NanAndInfinity_AreRefusedInEveryRealField) {
  for (const double value : {kNan, kInfinity}) {
    const auto real = static_cast<float>(value);
    EXPECT_EQ(ViolationsOf({.epochs = value,
                            .max_seconds = value,
                            .learning_rate = value,
                            .clip_value = real,
                            .clip_norm = real,
                            .validation_fraction = real})
                  .size(),
              6u)
        << value;
  }
}

TEST(SequenceLengthThatSuits, IsShorterForAShortTextUnderBestAlone) {
  TrainingOptions options = DefaultTraining(Recipe::kBest);
  options.validation_fraction = 0;
  ASSERT_EQ(options.sequence_length, 64);
  const int64_t batch = 64 * 32;
  const int64_t enough = 32 * (250 * 64 + 2);  // two symbols of a lane begin no step
  EXPECT_EQ(SequenceLengthThatSuits(enough, options), 64);
  EXPECT_EQ(SequenceLengthThatSuits(enough - 1, options), 32);
  EXPECT_EQ(SequenceLengthThatSuits(enough / 2, options), 16);
  EXPECT_EQ(SequenceLengthThatSuits(batch, options), 16);
  EXPECT_EQ(SequenceLengthThatSuits(1, options), 16);
  options.batch_size = 128;  // makes no text short
  EXPECT_EQ(SequenceLengthThatSuits(enough, options), 64);
  options.recipe = Recipe::kFast;
  EXPECT_EQ(SequenceLengthThatSuits(batch, options), 64);
}

TEST(FitToText, LeavesWhatIsGiven) {
  const TrainingOptions recipe = DefaultTraining(Recipe::kBest);
  for (const bool given : {false, true}) {
    TrainingOptions options = recipe;
    FitToText(300, {.sequence_length = given, .batch_size = given, .limit = given}, &options);
    EXPECT_EQ(options.sequence_length == recipe.sequence_length, given);
    EXPECT_EQ(options.batch_size == recipe.batch_size, given);
    EXPECT_EQ(options.epochs == recipe.epochs, given);
  }
}

TEST(LanesThatFit, IsTheMostThatTheTrainedPartFills) {
  TrainingOptions options = {.sequence_length = 10, .batch_size = 8, .validation_fraction = 0};
  EXPECT_EQ(LanesThatFit(11 * 8, options), 8);
  EXPECT_EQ(LanesThatFit(11 * 100, options), 8);
  EXPECT_EQ(LanesThatFit(11 * 8 - 1, options), 7);
  EXPECT_EQ(LanesThatFit(11, options), 1);
  EXPECT_EQ(LanesThatFit(5, options), 1);
  options.validation_fraction = 0.5f;
  EXPECT_EQ(LanesThatFit(11 * 8, options), 4);
}

TEST(LanesThatFit, GivesABatchThatCheckCorpusSizeAccepts) {
  TrainingOptions options = {.sequence_length = 7, .batch_size = 20, .validation_fraction = 0.1f};
  for (int64_t symbols = 10; symbols < 400; ++symbols) {
    TrainingOptions fitted = options;
    fitted.batch_size = LanesThatFit(symbols, options);
    ASSERT_TRUE(CheckCorpusSize(symbols, fitted).ok()) << symbols;
    if (fitted.batch_size == options.batch_size) continue;
    ++fitted.batch_size;
    ASSERT_FALSE(CheckCorpusSize(symbols, fitted).ok()) << symbols;
  }
}

TEST(EpochsThatSuffice, RaisesTheEpochsOfAShortTextAlone) {
  const TrainingOptions options = {
      .epochs = 5, .sequence_length = 10, .batch_size = 10, .validation_fraction = 0};
  EXPECT_EQ(EpochsThatSuffice(100 * 1000, options), 5);  // 999 batches an epoch
  EXPECT_EQ(EpochsThatSuffice(100 * 20, options), 79);   // 19 of them
  EXPECT_EQ(EpochsThatSuffice(50, options), 1500);
  TrainingOptions endless = options;
  endless.epochs = 0;
  EXPECT_EQ(EpochsThatSuffice(50, endless), 0);
}

TEST(EpochsThatSuffice, CountsBatchesAsTheRunDoes) {
  const TrainingOptions options = {
      .epochs = 5, .sequence_length = 32, .batch_size = 32, .validation_fraction = 0};
  for (int64_t symbols = 1056; symbols < 5000; ++symbols) {
    TrainingOptions run = options;
    run.epochs = EpochsThatSuffice(symbols, options);
    ASSERT_GE(StepLimit(run, LaneReader::BatchesPerEpoch(symbols, 32, 32)), 1500) << symbols;
  }
}

TEST(CheckCorpusSize, TooShortAText_IsRefusedWithTheNumbers) {
  const TrainingOptions options = {
      .sequence_length = 50, .batch_size = 4, .validation_fraction = 0.5f};
  EXPECT_EQ(CheckCorpusSize(300, options),
            absl::InvalidArgumentError(
                "is shorter than one batch: 150 characters to train on, and batch_size 4 with "
                "sequence_length 50 needs at least 204; give more text or a smaller batch_size or "
                "sequence_length"));
  EXPECT_TRUE(CheckCorpusSize(408, options).ok());
  TrainingOptions all = options;
  all.validation_fraction = 0;
  EXPECT_TRUE(CheckCorpusSize(204, all).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckCorpusSize(203, all)));
}

}  // namespace
}  // namespace runnel
