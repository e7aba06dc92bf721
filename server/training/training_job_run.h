// Runs one training job from its first step to the published version.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_JOB_RUN_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_JOB_RUN_H_

#include <cstdint>

#include "core/model/model_store.h"
#include "server/training/training_job.h"

namespace runnel::server {

struct TrainingJobLimits {
  int threads = 1;
  int seconds_max = 0;  // of training; 0: no limit
};

// Starts the job, unless it was cancelled, and returns when it has ended, well or badly.
// A job that has trained for `seconds_max` publishes and succeeds. A job for which there is no
// memory fails.
void RunTrainingJob(TrainingJob* job, ModelStore* models, const TrainingJobLimits& limits);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_JOB_RUN_H_
