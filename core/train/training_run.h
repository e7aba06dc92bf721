// A whole training run: steps until a limit, with schedule, evaluation, reports, and the best
// weights kept.
#ifndef RUNNEL_CORE_TRAIN_TRAINING_RUN_H_
#define RUNNEL_CORE_TRAIN_TRAINING_RUN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/train/trainer.h"

namespace runnel {

struct ProgressReport {
  int64_t step = 0;
  double epoch = 0;
  int64_t chars_seen = 0;
  double loss = 0;  // nats a character, mean since the last report
  // The classic script's, in nats over T characters: 0.999 of the value before and 0.001 of this
  // step's loss. It begins at T ln V.
  double smooth_loss = 0;
  std::optional<double> validation_loss;  // nats a character, where this report evaluated
  double chars_per_second = 0;            // since the last report, without the time of evaluations
  double seconds_left = 0;                // 0: unknown
  double learning_rate = 0;
  double gradient_norm = 0;
  bool sample_due = false;  // a preview is asked for at this step
};

// Drives one run. `StopAtOnce` and `Abandoned` are called by any thread of the trainer's pool, many
// times a second; the other methods by the thread that runs it, between steps.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  // The run asks this before each step, and ends if it is true.
  virtual bool StopRequested() = 0;
  // The run asks this many times within each step. If it is true, the run gives the step up and
  // ends where it was before it.
  virtual bool StopAtOnce() { return false; }
  // Whether a stop is requested and nobody wants the outcome. The run asks this many times within
  // each evaluation. If it is true, the run gives the evaluation up and ends, even at its limit.
  virtual bool Abandoned() { return false; }
  virtual void OnReport(const ProgressReport& report, const Trainer<float>& trainer) = 0;
};

struct TrainingOutcome {
  bool stopped = false;  // by the observer, before a limit was reached and evaluated
  // The trainer's outcome that had the best validation loss, or its last one if none was evaluated.
  std::vector<float> parameters;
  std::optional<double> validation_loss;  // of these parameters
  int64_t steps = 0;
  int64_t chars_seen = 0;
  double seconds = 0;
};

// The number of steps after which the limits of steps and epochs end a run; 0 if there are none.
int64_t StepLimit(const TrainingOptions& options, int64_t batches_per_epoch);

// Runs `trainer` for at least one step, until the first limit of `options`, until early stopping
// ends the run, or until the observer stops it. `seconds_now` is a clock. The observer gets a
// report at every evaluation (once in each epoch or as `options` ask, and at the end), at every
// preview, and about twice a second. Returns ABORTED, naming the step, if the run diverged: if the
// loss or a weight is no longer finite, or if the mean loss of 200 steps is more than 1 nat above
// ln V, the loss of guessing, and more than 1 nat above the loss of the first step, which is high
// if a base model does not know the text.
absl::StatusOr<TrainingOutcome> RunTraining(const TrainingOptions& options,
                                            const std::function<double()>& seconds_now,
                                            Trainer<float>* trainer, TrainingObserver* observer);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINING_RUN_H_
