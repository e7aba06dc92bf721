#include "core/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/core/math/arithmetics.h"
#include "tests/core/math/rounding.h"
#include "tests/core/train/training_fixture.h"
#include "tests/testing/sanitizer.h"

namespace runnel {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

// The gradient of one step, found from the step itself: Adagrad's first step with memory g^2 is
// rate * g / sqrt(g^2 + 1e-8), which is solved for g.
std::vector<double> FirstGradient(const Corpus& corpus, const NetworkConfig& config,
                                  TrainingOptions options) {
  options.optimizer = Optimizer::kAdagrad;
  TrainingSetup<double> setup(corpus, config, options);
  const std::vector<double> before = setup.trainer.parameters();
  setup.trainer.Step(1);
  std::vector<double> gradient(before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    const double ratio = before[i] - setup.trainer.parameters()[i];
    gradient[i] = ratio * 1e-4 / std::sqrt((1 - ratio) * (1 + ratio));
  }
  return gradient;
}

double Norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double xi : x) sum += xi * xi;
  return std::sqrt(sum);
}

TEST(Trainer, Weights_AreTheSameToTheBitForAnyNumberOfThreads) {
  // 50 lanes are four shards, and the parameters more than two chunks of the update.
  const NetworkConfig config = {.num_layers = 2, .hidden_size = 150};
  const TrainingOptions options = {
      .sequence_length = 6, .batch_size = 50, .clip_value = 0.1f, .clip_norm = 0.5f};
  const Corpus corpus = BrookCorpus(20);
  TrainingSetup<float> one(corpus, config, options, 1);
  TrainingSetup<float> two(corpus, config, options, 2);
  TrainingSetup<float> three(corpus, config, options, 3);
  ASSERT_GT(one.trainer.parameters().size(), 2u << 15);
  for (int step = 0; step < 8; ++step) {
    const StepResult expected = one.trainer.Step(0.01f);
    for (TrainingSetup<float>* other : {&two, &three}) {
      const StepResult result = other->trainer.Step(0.01f);
      ASSERT_EQ(result.loss, expected.loss);
      ASSERT_EQ(result.gradient_norm, expected.gradient_norm);
      ASSERT_EQ(other->trainer.parameters(), one.trainer.parameters()) << "step " << step;
    }
  }
}

TEST(Trainer, In16Bits_StaysCloseToF32AndIsTheSameForAnyNumberOfThreads) {
  const NetworkConfig config = {.num_layers = 2, .hidden_size = 50};
  const Corpus corpus = BrookCorpus(20);
  ForEach16BitKernels([&](const GemmKernels& kernels) {
    TrainingOptions options = {.sequence_length = 16, .batch_size = 40, .clip_norm = 1};
    TrainingSetup<float> f32(corpus, config, options);
    options.precision = TrainingPrecision::k16Bit;
    TrainingSetup<float> one(corpus, config, options, 1);
    TrainingSetup<float> two(corpus, config, options, 2);
    // To first order, a loss falls by the product of its gradients and the change of the
    // parameters. So a relative error of the gradients changes the fall by the same share, and the
    // fall is smaller than the loss at the start, ln(characters).
    const double tolerance = GradientTolerance(Rounding(kernels), config.num_layers) *
                             std::log(corpus.vocabulary().size());
    // The model is slow, and so is everything under a sanitizer.
    const int steps = &kernels == &Bf16ModelKernels() ? 1 : kSanitizer ? 5 : 60;
    for (int step = 0; step < steps; ++step) {
      const StepResult exact = f32.trainer.Step(0.005f);
      const StepResult result = one.trainer.Step(0.005f);
      ASSERT_EQ(two.trainer.Step(0.005f).loss, result.loss);
      ASSERT_NE(result.loss, exact.loss);
      ASSERT_NEAR(result.loss, exact.loss, tolerance) << "step " << step;
      ASSERT_EQ(two.trainer.parameters(), one.trainer.parameters()) << "step " << step;
    }
    if (steps == 60) {
      EXPECT_LT(one.trainer.Step(0).loss, 1.5);
    }
  });
}

// The published weights are served in f32, so the loss that is reported for them is also in f32.
TEST(Trainer, Validation_IsInF32WhateverTheTrainingIs) {
  TrainingOptions options = SmallTraining();
  options.validation_fraction = 0.2f;
  TrainingSetup<float> f32(BrookCorpus(5), kSmallNetwork, options);
  options.precision = TrainingPrecision::k16Bit;
  TrainingSetup<float> bf16(BrookCorpus(5), kSmallNetwork, options);
  EXPECT_EQ(bf16.trainer.ValidationLoss(), f32.trainer.ValidationLoss());
}

TEST(Trainer, GradientOfABatch_IsTheMeanOfItsHalves) {
  // 40 lanes of a text against the same lanes in two trainers of 20.
  TrainingOptions options = SmallTraining();
  options.batch_size = 40;
  const int repeats = 40;
  const std::vector<double> whole = FirstGradient(BrookCorpus(repeats), kSmallNetwork, options);
  options.batch_size = 20;
  // The same vocabulary and lanes: the first and the second half of the text.
  const std::vector<double> first = FirstGradient(BrookCorpus(repeats / 2), kSmallNetwork, options);
  const std::vector<double> second = first;  // the text repeats itself
  for (size_t i = 0; i < whole.size(); ++i) {
    ASSERT_NEAR(whole[i], (first[i] + second[i]) / 2, 1e-8) << i;
  }
}

TEST(Trainer, Loss_IsTheMeanOverAllLanes) {
  // At the start the losses are about ln V whatever the number of lanes and steps.
  TrainingOptions options = SmallTraining();
  options.initialization = Initialization::kNormal001;
  for (const int lanes : {1, 4, 40}) {
    options.batch_size = lanes;
    TrainingSetup<double> setup(BrookCorpus(20), kSmallNetwork, options);
    EXPECT_NEAR(setup.trainer.Step(0.01).loss, std::log(setup.corpus.vocabulary().size()), 0.01);
  }
}

TEST(Trainer, SumOverTime_ScalesGradientsByTheStepsAndNotTheLoss) {
  const Corpus corpus = BrookCorpus(5);
  TrainingOptions options = SmallTraining();
  const auto mean_gradient = FirstGradient(corpus, kSmallNetwork, options);
  TrainingSetup<double> mean(corpus, kSmallNetwork, options);
  options.loss_reduction = LossReduction::kSumOverTime;
  const auto sum_gradient = FirstGradient(corpus, kSmallNetwork, options);
  TrainingSetup<double> sum(corpus, kSmallNetwork, options);
  for (size_t i = 0; i < mean_gradient.size(); ++i) {
    // FirstGradient divides by a number close to 0 when g is far above 1e-4, so only 1e-6 relative
    // precision is left.
    ASSERT_NEAR(sum_gradient[i], 8 * mean_gradient[i], 1e-6 * std::abs(sum_gradient[i]) + 1e-14);
  }
  const StepResult of_mean = mean.trainer.Step(0.1);
  const StepResult of_sum = sum.trainer.Step(0.1);
  EXPECT_DOUBLE_EQ(of_sum.loss, of_mean.loss);
  EXPECT_NEAR(of_sum.gradient_norm, 8 * of_mean.gradient_norm, 1e-12);
}

TEST(Trainer, GradientNorm_IsTheGradientsNorm) {
  const Corpus corpus = BrookCorpus(5);
  TrainingSetup<double> setup(corpus, kSmallNetwork, SmallTraining());
  EXPECT_NEAR(setup.trainer.Step(0.1).gradient_norm,
              Norm(FirstGradient(corpus, kSmallNetwork, SmallTraining())), 1e-6);
}

TEST(Trainer, ClipValue_BoundsEachElementAndLeavesTheOthers) {
  const Corpus corpus = BrookCorpus(5);
  TrainingOptions options = SmallTraining();
  const auto free = FirstGradient(corpus, kSmallNetwork, options);
  options.clip_value = 0.005f;
  const auto clipped = FirstGradient(corpus, kSmallNetwork, options);
  const double bound = options.clip_value;
  int bounded = 0;
  for (size_t i = 0; i < free.size(); ++i) {
    ASSERT_NEAR(clipped[i], std::clamp(free[i], -bound, bound), 1e-10);
    bounded += std::abs(free[i]) > bound;
  }
  EXPECT_GT(bounded, 10);
  EXPECT_LT(bounded, static_cast<int>(free.size()) / 2);
}

TEST(Trainer, ClipNorm_ScalesTheWholeGradientDownToIt) {
  const Corpus corpus = BrookCorpus(5);
  TrainingOptions options = SmallTraining();
  const auto free = FirstGradient(corpus, kSmallNetwork, options);
  options.clip_norm = 0.01f;
  const auto clipped = FirstGradient(corpus, kSmallNetwork, options);
  ASSERT_GT(Norm(free), 0.1);
  EXPECT_NEAR(Norm(clipped), options.clip_norm, 1e-9);
  const double scale = options.clip_norm / Norm(free);
  for (size_t i = 0; i < free.size(); ++i) ASSERT_NEAR(clipped[i], free[i] * scale, 1e-9);

  TrainingSetup<double> setup(corpus, kSmallNetwork,
                              options);  // the norm before is what is reported
  EXPECT_NEAR(setup.trainer.Step(0.1).gradient_norm, Norm(free), 1e-6);
}

TEST(Trainer, ClipNormAboveTheNorm_ChangesNothing) {
  const Corpus corpus = BrookCorpus(5);
  TrainingOptions options = SmallTraining();
  const auto free = FirstGradient(corpus, kSmallNetwork, options);
  options.clip_norm = 100;
  EXPECT_EQ(FirstGradient(corpus, kSmallNetwork, options), free);
}

TEST(Trainer, ValueThenNorm_IsTheOrderOfClipping) {
  const Corpus corpus = BrookCorpus(5);
  TrainingOptions options = SmallTraining();
  options.clip_value = 0.005f;
  const auto by_value = FirstGradient(corpus, kSmallNetwork, options);
  options.clip_norm = 0.01f;
  const auto by_both = FirstGradient(corpus, kSmallNetwork, options);
  const double scale = options.clip_norm / Norm(by_value);
  ASSERT_LT(scale, 1);
  for (size_t i = 0; i < by_value.size(); ++i) ASSERT_NEAR(by_both[i], by_value[i] * scale, 1e-9);
}

TEST(Trainer, Dropout_DrawsByBatchAndByLaneOfTheWholeBatch) {
  // Three shards against one forward pass of all lanes, at the second batch.
  const Corpus corpus = BrookCorpus(40);
  TrainingOptions options = SmallTraining();
  options.batch_size = 40;
  options.dropout = {.input = 0.2f, .between = 0.5f, .output = 0.4f, .recurrent = 0.3f};
  TrainingSetup<double> setup(corpus, kSmallNetwork, options);
  LaneReader reader(corpus, {.begin = 0, .end = corpus.size()}, 40, 8);
  const auto packed = setup.network->NewPackedWeights();
  const auto activations = setup.network->NewActivations(8, 40);
  auto states = setup.network->NewStates(40);
  std::vector<int32_t> inputs(8 * 40);
  std::vector<int32_t> targets(8 * 40);
  double loss = 0;
  for (uint64_t batch = 0; batch < 2; ++batch) {
    const DropoutDraw draw = {.rates = options.dropout, .seed = options.seed, .batch = batch};
    reader.CopyBatch(0, 40, inputs.data(), targets.data());
    reader.Advance();
    setup.network->Pack(setup.trainer.parameters().data(), &draw, packed.get());
    setup.network->Forward(*packed, {.inputs = inputs.data(), .steps = 8, .dropout = &draw},
                           &states, activations.get());
    loss = setup.network->Loss(targets.data(), 8, 1, activations.get()) / (8 * 40);
    EXPECT_NEAR(setup.trainer.Step(1e-3).loss, loss, 1e-12) << "batch " << batch;
  }
}

TEST(Trainer, Validation_DropsNothing) {
  TrainingOptions options = SmallTraining();
  options.validation_fraction = 0.2f;
  TrainingSetup<double> plain(BrookCorpus(5), kSmallNetwork, options);
  options.dropout = {.input = 0.2f, .between = 0.5f, .output = 0.4f, .recurrent = 0.3f};
  TrainingSetup<double> setup(BrookCorpus(5), kSmallNetwork, options);
  EXPECT_EQ(setup.trainer.ValidationLoss(), plain.trainer.ValidationLoss());
  EXPECT_NE(setup.trainer.Step(1e-3).loss, plain.trainer.Step(1e-3).loss);
}

TEST(Trainer, Averaging_IsTheMovingAverageOfTheWeightsAtFirstOfTheLastTenth) {
  const Corpus corpus = BrookCorpus(5);
  TrainingOptions options = SmallTraining();
  options.averaging = 0.75f;
  TrainingSetup<double> setup(corpus, kSmallNetwork, options);
  TrainingSetup<double> plain(corpus, kSmallNetwork, SmallTraining());
  EXPECT_EQ(setup.trainer.outcome(), setup.trainer.parameters());
  std::vector<double> average;
  for (int step = 1; step <= 40; ++step) {
    setup.trainer.Step(0.1);
    plain.trainer.Step(0.1);
    const std::vector<double>& last = plain.trainer.parameters();
    if (step == 1) average = last;
    const double weight = step < 31 ? 10.0 / (9 + step) : 0.25;  // of the last weights
    for (size_t i = 0; i < last.size(); ++i) {
      average[i] = weight * last[i] + (1 - weight) * average[i];
    }
    ASSERT_THAT(setup.trainer.outcome(), Pointwise(DoubleNear(1e-12), average)) << step;
    ASSERT_EQ(setup.trainer.parameters(), last);
  }
  EXPECT_EQ(plain.trainer.outcome(), plain.trainer.parameters());
}

TEST(Trainer, Validation_IsOfTheAverage) {
  TrainingOptions options = SmallTraining();
  options.validation_fraction = 0.2f;
  options.averaging = 0.9f;
  TrainingSetup<double> setup(BrookCorpus(5), kSmallNetwork, options);
  for (int step = 0; step < 3; ++step) setup.trainer.Step(0.1);
  const double of_average = setup.trainer.ValidationLoss();
  *setup.trainer.mutable_parameters() = std::vector<double>(setup.trainer.parameters().size());
  EXPECT_EQ(setup.trainer.ValidationLoss(), of_average);
}

TEST(Trainer, StepThatIsNotFinite_LeavesTheWeights) {
  TrainingOptions options = SmallTraining();
  options.averaging = 0.9f;
  TrainingSetup<float> setup(BrookCorpus(5), kSmallNetwork, options);
  setup.trainer.Step(0.1f);
  float& last = setup.trainer.mutable_parameters()->back();
  last = std::numeric_limits<float>::infinity();
  const std::vector<float> weights = setup.trainer.parameters();
  const std::vector<float> average = setup.trainer.outcome();
  EXPECT_FALSE(std::isfinite(setup.trainer.Step(0.1f).loss));
  EXPECT_EQ(setup.trainer.parameters(), weights);
  EXPECT_EQ(setup.trainer.outcome(), average);
}

TEST(Trainer, LossOfASmallText_FallsToNearlyNothing) {
  TrainingOptions options = SmallTraining();
  options.optimizer = Optimizer::kAdam;
  options.sequence_length = 20;
  options.clip_norm = 1;
  TrainingSetup<float> setup(BrookCorpus(5), {.hidden_size = 48}, options);
  const double first = setup.trainer.Step(0.01f).loss;
  double last = 0;
  for (int step = 0; step < 400; ++step) last = setup.trainer.Step(0.01f).loss;
  EXPECT_GT(first, 2.5);
  EXPECT_LT(last, 0.2);
}

TEST(Trainer, Validation_IsThereIfItsPartCanBeEvaluated) {
  TrainingOptions options = SmallTraining();
  const Corpus corpus = BrookCorpus(5);
  EXPECT_FALSE(TrainingSetup<float>(corpus, kSmallNetwork, options).trainer.has_validation());
  options.validation_fraction = 0.004f;  // one symbol of 400
  EXPECT_FALSE(TrainingSetup<float>(corpus, kSmallNetwork, options).trainer.has_validation());
  options.validation_fraction = 0.0051f;  // two
  TrainingSetup<float> two(corpus, kSmallNetwork, options);
  EXPECT_TRUE(two.trainer.has_validation());
  EXPECT_GT(two.trainer.ValidationLoss(), 0);
}

}  // namespace
}  // namespace runnel
