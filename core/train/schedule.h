// The learning rate over a job.
#ifndef RUNNEL_CORE_TRAIN_SCHEDULE_H_
#define RUNNEL_CORE_TRAIN_SCHEDULE_H_

#include <cstdint>

#include "core/train/training_options.h"

namespace runnel {

// The learning rate of step `step` (0, 1, ...). `progress` (0..1) is the share of the job that is
// done; it stays 0 for a job without a limit. The rate rises linearly over `warmup_steps` and is
// multiplied by
//   constant: 1;  exponential: 0.01^progress;  cosine: 0.01 + 0.99 (1 + cos(pi progress)) / 2.
double LearningRateAt(const TrainingOptions& options, int64_t step, double progress);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_SCHEDULE_H_
