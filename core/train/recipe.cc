// The recipes: what a training job uses where the request leaves the choice open.
#include "core/train/training_options.h"

namespace runnel {

NetworkConfig DefaultNetwork(Recipe recipe) {
  switch (recipe) {
    case Recipe::kSeed:
      return {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = 100};
    case Recipe::kFast:
      return {.cell = CellType::kLstm, .num_layers = 1, .hidden_size = 256};
    case Recipe::kBest:
      return {.cell = CellType::kLstm, .num_layers = 1, .hidden_size = 896};
  }
  return {};
}

TrainingOptions DefaultTraining(Recipe recipe) {
  switch (recipe) {
    case Recipe::kSeed:  // The classic 100-line script; it has no end of its own.
      return {.recipe = recipe,
              .sequence_length = 25,
              .batch_size = 1,
              .optimizer = Optimizer::kAdagrad,
              .learning_rate = 0.1,
              .schedule = LearningRateSchedule::kConstant,
              .clip_value = 5,
              .validation_fraction = 0,
              .sample_every_steps = 1000,
              .loss_reduction = LossReduction::kSumOverTime,
              .initialization = Initialization::kNormal001};
    case Recipe::kFast:
      return {.recipe = recipe,
              .epochs = 2,
              .sequence_length = 32,
              .batch_size = 32,
              .learning_rate = 0.01,
              .warmup_steps = 100,
              .clip_norm = 1,
              .state_reset_share = 0.02,
              .shift_lanes = true,
              .initialization = Initialization::kOrthogonalWide};
    case Recipe::kBest:
      return {.recipe = recipe,
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
              .initialization = Initialization::kOrthogonalWide};
  }
  return {};
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
  if (optimizer == defaults.optimizer) return defaults.learning_rate;
  switch (optimizer) {
    case Optimizer::kSgd:
      return 0.1;
    case Optimizer::kAdagrad:
      return 0.02;
    case Optimizer::kRmsprop:
      return 0.001;
    case Optimizer::kAdam:
    case Optimizer::kAdamW:
      return recipe == Recipe::kSeed ? 0.001 : defaults.learning_rate;
  }
  return defaults.learning_rate;
}

float DefaultWeightDecay(Optimizer optimizer) {
  return optimizer == Optimizer::kAdamW ? 0.01f : 0.0f;
}

}  // namespace runnel
