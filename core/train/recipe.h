// The recipes: the choices for everything that a training request leaves open. The values are at
// the top of recipe.cc.
#ifndef RUNNEL_CORE_TRAIN_RECIPE_H_
#define RUNNEL_CORE_TRAIN_RECIPE_H_

#include <cstdint>

#include "core/nn/initialization.h"
#include "core/nn/network_config.h"
#include "core/train/training_options.h"

namespace runnel {

NetworkConfig DefaultNetwork(Recipe recipe);
// A bidirectional network reads windows of at least 64 characters, of which it predicts 15 %, and
// writes no previews.
TrainingOptions DefaultTraining(Recipe recipe, bool bidirectional = false);

// For a vocabulary of more symbols than this, such as that of a Chinese text, FAST uses a GRU whose
// input weights begin small. It learns more in its few epochs that way, because each symbol is too
// rare to unlearn large random weights.
inline constexpr int kFewSymbolsMax = 1000;
// The recipe's cell and initialization for a vocabulary of `symbols` symbols. DefaultNetwork and
// DefaultTraining have those for a small vocabulary.
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
// least one batch; 1 if it cannot fill any. Recipes use it, so that a short text trains without a
// choice of sizes.
int LanesThatFit(int64_t symbols, const TrainingOptions& options);

// The recipe's epochs, or more if a text of `symbols` symbols is so short that 1,500 steps take
// more epochs. 0, which is no limit, stays 0.
double EpochsThatSuffice(int64_t symbols, const TrainingOptions& options);

// The sizes that the user chose. The length of the text does not change those.
struct GivenSizes {
  bool sequence_length = false;
  bool batch_size = false;
  bool limit = false;  // epochs, steps or seconds
};
// Fits the other sizes of a recipe to a text of `symbols` symbols, by the three functions above.
void FitToText(int64_t symbols, const GivenSizes& given, TrainingOptions* options);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_RECIPE_H_
