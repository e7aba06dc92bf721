// Runs one training job from its first step to the published version.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_JOB_RUN_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_JOB_RUN_H_

#include <cstdint>

#include "core/model/model_store.h"
#include "server/training/training_job.h"

namespace runnel::server {

// Bytes that training takes beside the corpus: weights, gradients, optimizer, activations.
// An upper estimate.
double TrainingMemoryBytes(const NetworkConfig& network, const TrainingOptions& options,
                           int vocabulary_size, int64_t parameters, int threads);

struct TrainingJobLimits {
  int threads = 1;
  int seconds_max = 0;  // that it trains; 0: no limit
};

// Begins the job, unless it was cancelled, and ends it, well or badly. Returns when it has ended.
// A job that has trained for `seconds_max` publishes and succeeds. A job for which there is no
// memory or no thread fails.
void RunTrainingJob(TrainingJob* job, ModelStore* models, const TrainingJobLimits& limits);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_JOB_RUN_H_
