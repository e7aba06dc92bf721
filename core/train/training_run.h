// A whole training run: steps until a limit, with schedule, evaluation, reports, and the best
// weights kept.
#ifndef RUNNEL_CORE_TRAIN_TRAINING_RUN_H_
#define RUNNEL_CORE_TRAIN_TRAINING_RUN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/interruption.h"
#include "core/train/state_stream.h"
#include "core/train/trainer.h"
#include "core/train/training_options.h"

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

class TrainingRun;

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
  // Called after each step and its reports. This is the time to save the run's state. Not called
  // for a step, or after an evaluation, that was given up.
  virtual void AfterStep(TrainingRun* /*run*/) {}
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

// One run of a trainer.
class TrainingRun {
 public:
  // `seconds_now` is a clock. The trainer and the observer must outlive the run.
  TrainingRun(const TrainingOptions& options, std::function<double()> seconds_now,
              Trainer<float>* trainer, TrainingObserver* observer);

  // Trains for at least one step, until the first limit of the options, until early stopping ends
  // the run, or until the observer stops it. The observer gets a report at every evaluation (once
  // in each epoch or as the options ask, and at the end), at every preview, and about twice a
  // second. Returns ABORTED, naming the step, if the run diverged: if the loss or a weight is no
  // longer finite, or if the mean loss of 200 steps is more than 1 nat above ln V, the loss of
  // guessing, and more than 1 nat above the loss of the first step, which is high if a base model
  // does not know the text. To be called once.
  absl::StatusOr<TrainingOutcome> Run();

  int64_t steps() const { return step_; }
  // Whether the last step was the last one of an epoch.
  bool at_end_of_epoch() const { return step_ % trainer_.batches_per_epoch() == 0; }
  // The time that the run has taken, together with that before its state was carried over.
  double seconds() const { return seconds_now_() - started_; }

  // Carries the state of the run and of its trainer: a new run of the same options, with a trainer
  // of the same network and corpus, into which it is carried, continues with the same bits. To be
  // called before Run or by the observer's AfterStep.
  void Transfer(StateStream* stream);

 private:
  // The share of the run that is done, by the limit that comes first; 0 without limits.
  double Progress() const;
  bool AtLimit() const { return Progress() >= 1; }
  absl::Status Step();
  absl::Status CheckAgainstGuessing(double loss);
  absl::Status Report(bool evaluate, bool sample);
  ProgressReport MakeReport(double now);
  // Sets the report's validation loss, and keeps the weights if it is the best so far. Sets
  // `abandoned_` instead if the observer no longer wants the result.
  absl::Status Evaluate(ProgressReport* report);

  const TrainingOptions options_;
  const std::function<double()> seconds_now_;
  Trainer<float>& trainer_;
  TrainingObserver& observer_;
  Interruption step_stop_;
  const int64_t step_limit_;
  const int64_t evaluate_every_;  // 0: never
  const int64_t batch_chars_;
  const double guess_loss_;  // ln V, nats a character

  int64_t step_ = 0;
  double learning_rate_ = 0;
  double gradient_norm_ = 0;
  double first_loss_ = 0;  // of the first step
  double smooth_loss_;
  double span_sum_ = 0;  // nats a character, of the steps since the last check
  double loss_sum_ = 0;  // since the last report
  int64_t loss_steps_ = 0;
  double last_loss_ = 0;
  double chars_per_second_ = 0;
  std::optional<double> best_loss_;
  std::vector<float> best_;  // empty without a best_loss_
  int64_t evaluations_since_best_ = 0;
  bool early_stop_ = false;
  bool at_end_ = false;
  bool abandoned_ = false;  // during the last evaluation
  double started_;
  double reported_;
};

// Runs `trainer` as TrainingRun::Run does.
absl::StatusOr<TrainingOutcome> RunTraining(const TrainingOptions& options,
                                            std::function<double()> seconds_now,
                                            Trainer<float>* trainer, TrainingObserver* observer);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_TRAINING_RUN_H_
