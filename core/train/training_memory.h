// How much memory a training takes, which is known before it begins.
#ifndef RUNNEL_CORE_TRAIN_TRAINING_MEMORY_H_
#define RUNNEL_CORE_TRAIN_TRAINING_MEMORY_H_

#include <algorithm>
#include <cstdint>

#include "core/nn/network_config.h"
#include "core/train/training_options.h"

namespace runnel {

// The parts, in bytes. They are doubles because they are estimates.
struct TrainingMemory {
  double weights = 0;
  double average = 0;          // of the weights
  double best_weights = 0;     // of the evaluations so far; at first, those of a base model
  double optimizer = 0;        // its memories
  double packed_weights = 0;   // the copies that matrix products read
  double recurrent_masks = 0;  // of dropout, and the weights that they leave
  double shards = 0;           // gradients, states before and after a batch, and symbols
  double activations = 0;      // of the shards that run at the same time
  double evaluation = 0;       // activations, and packed weights in f32 if training has others
  double preview = 0;          // the weights as a decoder packs them

  // At the peak. A preview is made when the evaluation of its step is over.
  double Sum() const {
    return weights + average + best_weights + optimizer + packed_weights + recurrent_masks +
           shards + activations + std::max(evaluation, preview);
  }
};

// An upper estimate of the memory that a Trainer and RunTraining take at the peak, on `threads`
// threads and in addition to the corpus. Publishing the result takes less, because the trainer is
// gone by then. `parameters` is the size of the network's ParameterLayout.
TrainingMemory EstimateTrainingMemory(const NetworkConfig& network, const TrainingOptions& options,
                                      int vocabulary_size, int64_t parameters, int threads);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINING_MEMORY_H_
