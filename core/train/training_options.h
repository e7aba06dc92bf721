// How a network is trained. `DefaultTraining` (recipe.h) gives the values of a recipe.
#ifndef RUNNEL_CORE_TRAIN_TRAINING_OPTIONS_H_
#define RUNNEL_CORE_TRAIN_TRAINING_OPTIONS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "core/base/enum_table.h"
#include "core/base/violations.h"
#include "core/math/training_precision.h"
#include "core/nn/dropout.h"
#include "core/nn/initialization.h"
#include "core/nn/network_config.h"
#include "core/train/optimizers/optimizer.h"

namespace runnel {

enum class Recipe { kSeed, kFast, kBest };
enum class LearningRateSchedule { kConstant, kExponential, kCosine };
// The loss whose gradients are computed.
enum class LossReduction {
  kMean,         // The mean over the T x B characters of a batch.
  kSumOverTime,  // The sum over T and the mean over the lanes, as in the classic script.
};

// The names are those of the wire, in lower case.
inline constexpr EnumTable<Recipe, 3> kRecipes({{Recipe::kSeed, "seed"},
                                                {Recipe::kFast, "fast"},
                                                {Recipe::kBest, "best"}});
inline constexpr EnumTable<LearningRateSchedule, 3> kSchedules(
    {{LearningRateSchedule::kConstant, "constant"},
     {LearningRateSchedule::kExponential, "exponential"},
     {LearningRateSchedule::kCosine, "cosine"}});
inline constexpr EnumTable<LossReduction, 2> kLossReductions(
    {{LossReduction::kMean, "mean"}, {LossReduction::kSumOverTime, "sum_over_time"}});

struct TrainingOptions {
  static constexpr int kStepsMax = 2048;  // sequence_length
  static constexpr int kLanesMax = 1024;  // batch_size

  Recipe recipe = Recipe::kFast;
  // Training ends at the first of these limits. 0 is no limit; if all are 0, training continues
  // until it is stopped.
  double epochs = 0;
  int64_t max_steps = 0;
  double max_seconds = 0;
  int sequence_length = 64;  // truncated BPTT, T
  int batch_size = 32;       // lanes, B
  Optimizer optimizer = Optimizer::kAdam;
  double learning_rate = 0.002;
  LearningRateSchedule schedule = LearningRateSchedule::kCosine;
  int64_t warmup_steps = 0;
  float clip_value = 0;  // Each element of the gradient is clipped to [-v, v]; 0: off.
  float clip_norm = 0;   // Then the gradient is scaled to at most this norm; 0: off.
  Dropout dropout;
  // At each step, weights (but not biases) lose this share of the learning rate; 0: off.
  float weight_decay = 0;
  // The decay of the moving average of the weights; 0: off. The run evaluates, previews and keeps
  // the average if there is one. It covers no more than about the last tenth of the steps.
  float averaging = 0;
  uint64_t seed = 0;
  float validation_fraction = 0.1f;
  int64_t evaluate_every_steps = 0;  // 0: once an epoch, at least 50 steps apart
  int early_stopping_patience = 0;   // evaluations without a better loss that end a run; 0: off
  int64_t sample_every_steps = 0;    // 0: never
  LossReduction loss_reduction = LossReduction::kMean;
  // The share of batches at which a lane's state is zeroed, so that the model learns to begin
  // anywhere: prompts and new texts are read from the zero state, which a lane would otherwise meet
  // only once an epoch.
  double state_reset_share = 0;
  // The share of a window's characters that are hidden and predicted, above 0 and below 1. Only for
  // bidirectional networks, which need it; the others predict every character.
  std::optional<float> mask_fraction;
  // Lanes begin at a random place of the corpus each epoch, so that windows differ.
  bool shift_lanes = false;
  Initialization initialization = Initialization::kOrthogonal;
  TrainingPrecision precision = TrainingPrecision::kF32;
};

// Adds a violation for each field that is out of its bounds or that does not suit `network`. The
// names of the fields are those of the struct, and "dropout", "input_dropout" and
// "recurrent_dropout".
void Validate(const TrainingOptions& options, const NetworkConfig& network, Violations* violations);

// Returns INVALID_ARGUMENT if the training part of a corpus of `symbols` symbols is shorter than
// one batch.
absl::Status CheckCorpusSize(int64_t symbols, const TrainingOptions& options);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINING_OPTIONS_H_
