#include "core/train/recipe.h"

#include <gtest/gtest.h>

#include "core/text/lanes.h"
#include "core/train/training_run.h"

namespace runnel {
namespace {

TEST(Recipe, SeedRecipe_IsTheClassicScript) {
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

TEST(Recipe, CellAndStart_AreTheRecipesAndForManySymbolsFastsOwn) {
  for (const Recipe recipe : kRecipes) {
    EXPECT_EQ(DefaultCell(recipe, 1000), DefaultNetwork(recipe).cell);
    EXPECT_EQ(DefaultInitialization(recipe, 1000), DefaultTraining(recipe).initialization);
    if (recipe == Recipe::kFast) continue;
    EXPECT_EQ(DefaultCell(recipe, 1001), DefaultNetwork(recipe).cell);
    EXPECT_EQ(DefaultInitialization(recipe, 1001), DefaultTraining(recipe).initialization);
  }
  EXPECT_EQ(DefaultCell(Recipe::kFast, 1001), CellType::kGruResetAfter);
  EXPECT_EQ(DefaultInitialization(Recipe::kFast, 1001), Initialization::kOrthogonal);
}

// A job tells of one rate, the output's, from which the other follows.
TEST(Recipe, DropoutOfEveryRecipe_IsThatOfOneRate) {
  for (const Recipe recipe : kRecipes) {
    const Dropout dropout = DefaultTraining(recipe).dropout;
    Dropout of_one_rate;
    of_one_rate.SetUnitRate(dropout.output);
    EXPECT_EQ(dropout.between, of_one_rate.between);
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

TEST(Recipe, BidirectionalNetwork_ReadsWindowsOfHiddenCharacters) {
  for (const Recipe recipe : kRecipes) {
    const TrainingOptions options = DefaultTraining(recipe, /*bidirectional=*/true);
    EXPECT_EQ(options.sequence_length, 64);
    EXPECT_EQ(options.mask_fraction, 0.15f);
    EXPECT_EQ(options.sample_every_steps, 0);
    EXPECT_EQ(DefaultTraining(recipe).mask_fraction, std::nullopt);
  }
}

TEST(DefaultLearningRate, IsTheRecipesForItsOptimizerAndItsVariants) {
  for (const Recipe recipe : kRecipes) {
    const TrainingOptions defaults = DefaultTraining(recipe);
    EXPECT_EQ(DefaultLearningRate(recipe, defaults.optimizer), defaults.learning_rate);
  }
  EXPECT_EQ(DefaultLearningRate(Recipe::kFast, Optimizer::kAdamW), 0.01);
  EXPECT_EQ(DefaultLearningRate(Recipe::kBest, Optimizer::kAdamW), 0.003);
  EXPECT_EQ(DefaultLearningRate(Recipe::kSeed, Optimizer::kAdam), 0.001);
  EXPECT_EQ(DefaultLearningRate(Recipe::kSeed, Optimizer::kAdamW), 0.001);
  EXPECT_EQ(DefaultLearningRate(Recipe::kFast, Optimizer::kAdagrad), 0.02);
  EXPECT_EQ(DefaultLearningRate(Recipe::kFast, Optimizer::kSgd), 0.1);
  EXPECT_EQ(DefaultLearningRate(Recipe::kFast, Optimizer::kRmsprop), 0.001);
}

}  // namespace
}  // namespace runnel
