#include "core/train/training_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/train/recipe.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr NetworkConfig kBidirectional = {.bidirectional = true};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> ViolationsOf(const TrainingOptions& options,
                                      const NetworkConfig& network = {}) {
  Violations violations;
  Validate(options, network, &violations);
  std::vector<std::string> list;
  for (const FieldViolation& v : violations.list()) list.push_back(v.field + " " + v.description);
  return list;
}

TEST(TrainingOptions, DefaultsOfEveryRecipe_AreValid) {
  EXPECT_THAT(ViolationsOf({}), IsEmpty());
  for (const Recipe recipe : kRecipes) {
    EXPECT_THAT(ViolationsOf(DefaultTraining(recipe)), IsEmpty());
    EXPECT_THAT(ViolationsOf(DefaultTraining(recipe, /*bidirectional=*/true), kBidirectional),
                IsEmpty());
    EXPECT_EQ(DefaultTraining(recipe).recipe, recipe);
    Violations violations;
    Validate(DefaultNetwork(recipe), &violations);
    EXPECT_TRUE(violations.empty());
  }
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

TEST(TrainingOptions, MaskFraction_IsABidirectionalNetworksAlone) {
  for (const float share : {0.0f, 1.0f, static_cast<float>(kNan)}) {
    const TrainingOptions options = {.mask_fraction = share};
    EXPECT_THAT(
        ViolationsOf(options, kBidirectional),
        ElementsAre("mask_fraction is " + NumberText(share) + "; must be above 0 and below 1"));
  }
  EXPECT_THAT(ViolationsOf({}, kBidirectional),
              ElementsAre("mask_fraction is absent; must be above 0 and below 1"));
  EXPECT_THAT(ViolationsOf({.mask_fraction = 0.0f}),
              ElementsAre("mask_fraction is 0; only a network that is bidirectional is trained on "
                          "masked characters"));
}

TEST(TrainingOptions, Previews_AreNoBidirectionalNetworks) {
  EXPECT_THAT(ViolationsOf({.sample_every_steps = 10, .mask_fraction = 0.5f}, kBidirectional),
              ElementsAre("sample_every_steps is 10; must be 0 for a bidirectional network, which "
                          "cannot write previews"));
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
