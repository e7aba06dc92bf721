#include "core/train/recipe.h"

#include <algorithm>
#include <cmath>

#include "core/text/corpus.h"
#include "core/text/lanes.h"
#include "core/train/masking.h"

namespace runnel {
namespace {

struct Choices {
  NetworkConfig network;
  TrainingOptions training;
};

// The classic 100-line script, which has no end of its own.
Choices Seed() {
  return {.network = {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = 100},
          .training = {.recipe = Recipe::kSeed,
                       .sequence_length = 25,
                       .batch_size = 1,
                       .optimizer = Optimizer::kAdagrad,
                       .learning_rate = 0.1,
                       .schedule = LearningRateSchedule::kConstant,
                       .clip_value = 5,
                       .validation_fraction = 0,
                       .sample_every_steps = 1000,
                       .loss_reduction = LossReduction::kSumOverTime,
                       .initialization = Initialization::kNormal001}};
}

// A good model in seconds.
Choices Fast() {
  return {.network = {.cell = CellType::kLstm, .num_layers = 1, .hidden_size = 256},
          .training = {.recipe = Recipe::kFast,
                       .epochs = 2,
                       .sequence_length = 32,
                       .batch_size = 32,
                       .learning_rate = 0.01,
                       .warmup_steps = 100,
                       .clip_norm = 1,
                       .state_reset_share = 0.02,
                       .shift_lanes = true,
                       .initialization = Initialization::kOrthogonalWide}};
}

// The lowest validation loss in minutes.
Choices Best() {
  return {.network = {.cell = CellType::kLstm, .num_layers = 1, .hidden_size = 896},
          .training = {.recipe = Recipe::kBest,
                       .epochs = 8,
                       .sequence_length = 64,
                       .batch_size = 32,
                       .learning_rate = 0.003,
                       .warmup_steps = 200,
                       .clip_norm = 1,
                       .dropout = {.between = 0.3f, .output = 0.6f},
                       .averaging = 0.998f,
                       .early_stopping_patience = 2,
                       .state_reset_share = 0.05,
                       .shift_lanes = true,
                       .initialization = Initialization::kOrthogonalWide}};
}

Choices ChoicesOf(Recipe recipe) {
  switch (recipe) {
    case Recipe::kSeed:
      return Seed();
    case Recipe::kFast:
      return Fast();
    case Recipe::kBest:
      return Best();
  }
  return {};
}

int64_t TrainedSymbols(int64_t symbols, const TrainingOptions& options) {
  return SplitCorpus(symbols, options.validation_fraction).training.size();
}

}  // namespace

NetworkConfig DefaultNetwork(Recipe recipe) { return ChoicesOf(recipe).network; }

TrainingOptions DefaultTraining(Recipe recipe, bool bidirectional) {
  TrainingOptions options = ChoicesOf(recipe).training;
  if (!bidirectional) return options;
  options.sequence_length = std::max(options.sequence_length, kMaskedWindowDefault);
  options.mask_fraction = kMaskFractionDefault;
  options.sample_every_steps = 0;
  return options;
}

CellType DefaultCell(Recipe recipe, int symbols) {
  if (recipe == Recipe::kFast && symbols > kFewSymbolsMax) return CellType::kGruResetAfter;
  return DefaultNetwork(recipe).cell;
}

Initialization DefaultInitialization(Recipe recipe, int symbols) {
  if (recipe == Recipe::kFast && symbols > kFewSymbolsMax) return Initialization::kOrthogonal;
  return DefaultTraining(recipe).initialization;
}

double DefaultLearningRate(Recipe recipe, Optimizer optimizer) {
  const TrainingOptions defaults = DefaultTraining(recipe);
  const OptimizerTraits& traits = GetUpdateRule<float>(optimizer).traits;
  const bool is_the_recipes = traits.variant_of.value_or(optimizer) == defaults.optimizer;
  return is_the_recipes ? defaults.learning_rate : traits.learning_rate;
}

float DefaultWeightDecay(Optimizer optimizer) {
  return GetUpdateRule<float>(optimizer).traits.weight_decay;
}

int SequenceLengthThatSuits(int64_t symbols, const TrainingOptions& options) {
  constexpr int kShortest = 16;
  constexpr int64_t kBatchesMin = 250;
  int length = options.sequence_length;
  if (options.recipe != Recipe::kBest) return length;
  const int64_t trained = TrainedSymbols(symbols, options);
  const int lanes = DefaultTraining(options.recipe).batch_size;
  while (length >= 2 * kShortest &&
         LaneReader::BatchesPerEpoch(trained, lanes, length) < kBatchesMin) {
    length /= 2;
  }
  return length;
}

int LanesThatFit(int64_t symbols, const TrainingOptions& options) {
  const int64_t lanes =
      TrainedSymbols(symbols, options) / LaneReader::SymbolsMin(1, options.sequence_length);
  return static_cast<int>(std::clamp<int64_t>(lanes, 1, options.batch_size));
}

double EpochsThatSuffice(int64_t symbols, const TrainingOptions& options) {
  constexpr double kStepsMin = 1500;
  if (options.epochs == 0) return 0;
  const int64_t batches = LaneReader::BatchesPerEpoch(TrainedSymbols(symbols, options),
                                                      options.batch_size, options.sequence_length);
  return std::max(options.epochs, std::ceil(kStepsMin / static_cast<double>(batches)));
}

void FitToText(int64_t symbols, const GivenSizes& given, TrainingOptions* options) {
  if (!given.sequence_length) options->sequence_length = SequenceLengthThatSuits(symbols, *options);
  if (!given.batch_size) options->batch_size = LanesThatFit(symbols, *options);
  if (!given.limit) options->epochs = EpochsThatSuffice(symbols, *options);
}

}  // namespace runnel
