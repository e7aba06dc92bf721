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
  double smooth_loss =
      0;  // nats over T characters: 0.999 of the last and 0.001 of this, from T ln V
  std::optional<double> validation_loss;  // nats a character, where this report evaluated
  double chars_per_second = 0;            // since the last report, time spent evaluating left out
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
  // Asked before each step; true ends the run.
  virtual bool StopRequested() = 0;
  // Asked within each step; true gives the step up, so that the run ends where it was before it.
  virtual bool StopAtOnce() { return false; }
  // Whether a stop is requested and the outcome then of no use. Asked within each evaluation; true
  // gives the evaluation up, which ends the run, also at its limit.
  virtual bool Abandoned() { return false; }
  virtual void OnReport(const ProgressReport& report, const Trainer<float>& trainer) = 0;
};

struct TrainingOutcome {
  bool stopped = false;  // by the observer, before a limit was reached and evaluated
  // The trainer's outcome with the best validation loss, else its last.
  std::vector<float> parameters;
  std::optional<double> validation_loss;  // of these parameters
  int64_t steps = 0;
  int64_t chars_seen = 0;
  double seconds = 0;
};

// Steps and epochs limits as a number of steps, 0 for none.
int64_t StepLimit(const TrainingOptions& options, int64_t batches_per_epoch);

// Runs `trainer` to the first limit of `options`, for one step at least, or until the observer
// stops it. A report is given at every evaluation (once an epoch or as asked, and at the end), at
// every preview, and about twice a second. With early stopping it also ends after so many
// evaluations without a better loss. `seconds_now` is a clock. ABORTED, naming the step, when the
// run diverged: the loss or a weight is no longer finite, or the losses of 200 steps lie more than
// 1 nat above ln V on average, so that the model does worse than guessing, and above the first
// step's, which a base may know that badly.
absl::StatusOr<TrainingOutcome> RunTraining(const TrainingOptions& options,
                                            const std::function<double()>& seconds_now,
                                            Trainer<float>* trainer, TrainingObserver* observer);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINING_RUN_H_
