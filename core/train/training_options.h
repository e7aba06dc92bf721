// How a network is trained. Every field has a value; `DefaultTraining` gives those of a recipe.
#ifndef RUNNEL_CORE_TRAIN_TRAINING_OPTIONS_H_
#define RUNNEL_CORE_TRAIN_TRAINING_OPTIONS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "core/base/violations.h"
#include "core/math/training_precision.h"
#include "core/nn/dropout.h"
#include "core/nn/initialization.h"
#include "core/nn/network_config.h"

namespace runnel {

enum class Recipe { kSeed, kFast, kBest };
// kAdamW is kAdam; only its defaults differ.
enum class Optimizer { kSgd, kAdagrad, kRmsprop, kAdam, kAdamW };
enum class LearningRateSchedule { kConstant, kExponential, kCosine };
enum class LossReduction {
  kMean,         // gradients of the mean over the T x B characters of a batch
  kSumOverTime,  // of the sum over T, averaged over lanes: the classic script
};

struct TrainingOptions {
  static constexpr int kStepsMax = 2048;  // sequence_length
  static constexpr int kLanesMax = 1024;  // batch_size

  Recipe recipe = Recipe::kFast;
  // Training ends at the first of these limits; 0: none. All 0: it runs until stopped.
  double epochs = 0;
  int64_t max_steps = 0;
  double max_seconds = 0;
  int sequence_length = 64;  // truncated BPTT, T
  int batch_size = 32;       // lanes, B
  Optimizer optimizer = Optimizer::kAdam;
  double learning_rate = 0.002;
  LearningRateSchedule schedule = LearningRateSchedule::kCosine;
  int64_t warmup_steps = 0;
  float clip_value = 0;  // each gradient element to [-v, v]; 0: off
  float clip_norm = 0;   // then the global norm to at most this; 0: off
  Dropout dropout;
  // At each step, weights (but not biases) decay towards 0 by this share of the learning rate; 0:
  // off.
  float weight_decay = 0;
  // Decay of the moving average of the weights. If there is one, it is what the run evaluates,
  // shows in previews and keeps. It covers no more than about the last tenth of the steps. 0: off.
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
  // For bidirectional networks, the share of a window's characters that are hidden and predicted,
  // above 0 and below 1. For one-directional networks 0, because they predict every character.
  float mask_fraction = 0;
  // Lanes begin at a random place of the corpus each epoch, so that windows differ.
  bool shift_lanes = false;
  Initialization initialization = Initialization::kOrthogonal;
  TrainingPrecision precision = TrainingPrecision::kF32;
};

NetworkConfig DefaultNetwork(Recipe recipe);
TrainingOptions DefaultTraining(Recipe recipe);

// For a vocabulary of more symbols than this, such as that of a Chinese text, FAST uses a GRU whose
// input weights begin small. It learns more in its few epochs that way, because each symbol is too
// rare to unlearn large random weights.
inline constexpr int kFewSymbolsMax = 1000;
// The recipe's cell and initialization for a vocabulary of `symbols` symbols; DefaultNetwork and
// DefaultTraining have its choice for a small vocabulary.
CellType DefaultCell(Recipe recipe, int symbols);
Initialization DefaultInitialization(Recipe recipe, int symbols);

// The values for `optimizer`, which need not be the recipe's own, if the user gives none.
double DefaultLearningRate(Recipe recipe, Optimizer optimizer);
float DefaultWeightDecay(Optimizer optimizer);

// The recipe's sequence length for a text of `symbols` symbols. BEST halves it, down to 16, as long
// as an epoch has fewer than 250 steps of the recipe's lanes, because a short text is learnt better
// in more and smaller steps.
int SequenceLengthThatSuits(int64_t symbols, const TrainingOptions& options);

// The most lanes, up to `options.batch_size`, that a corpus of `symbols` symbols can fill for at
// least one batch; 1 if not even that. Recipes use it, so that a short text trains without a choice
// of sizes.
int LanesThatFit(int64_t symbols, const TrainingOptions& options);

// The recipe's epochs, or more if a text of `symbols` symbols is so short that 1,500 steps take
// more epochs; 0 stays 0.
double EpochsThatSuffice(int64_t symbols, const TrainingOptions& options);

// The sizes that the user chose. The length of the text does not change those.
struct GivenSizes {
  bool sequence_length = false;
  bool batch_size = false;
  bool limit = false;  // epochs, steps or seconds
};
// Fits the other sizes of a recipe to a text of `symbols` symbols, by the three functions above.
void FitToText(int64_t symbols, const GivenSizes& given, TrainingOptions* options);

void Validate(const TrainingOptions& options, Violations* violations);

// Returns INVALID_ARGUMENT if the training part of a corpus of `symbols` symbols is shorter than
// one batch.
absl::Status CheckCorpusSize(int64_t symbols, const TrainingOptions& options);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINING_OPTIONS_H_
