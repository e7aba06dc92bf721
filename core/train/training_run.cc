#include "core/train/training_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/train/schedule.h"

namespace runnel {
namespace {

constexpr double kReportSeconds = 0.5;
// On a text whose epochs are a few steps, evaluating each would take longer than training.
constexpr int64_t kEvaluationStepsMin = 50;
// A run has diverged if the mean loss of this many steps is this many nats above the loss of
// guessing and above that of the first batch, which is high if a base model does not know the text.
// A model that learns does not get there, however much the parts of a corpus differ.
constexpr int64_t kDivergenceSteps = 200;
constexpr double kDivergenceNats = 1;

absl::Status Diverged(int64_t step, absl::string_view how) {
  return absl::AbortedError(
      absl::StrCat("training diverged at step ", step, ": ", how,
                   "; nothing is published; a smaller learning_rate or clip_norm may help"));
}

int64_t EvaluateEvery(const TrainingOptions& options, const Trainer<float>& trainer) {
  if (!trainer.has_validation()) return 0;
  if (options.evaluate_every_steps > 0) return options.evaluate_every_steps;
  return std::max(trainer.batches_per_epoch(), kEvaluationStepsMin);
}

}  // namespace

TrainingRun::TrainingRun(const TrainingOptions& options, std::function<double()> seconds_now,
                         Trainer<float>* trainer, TrainingObserver* observer)
    : options_(options),
      seconds_now_(std::move(seconds_now)),
      trainer_(*trainer),
      observer_(*observer),
      step_stop_([this] { return observer_.StopAtOnce(); }),
      step_limit_(StepLimit(options, trainer->batches_per_epoch())),
      evaluate_every_(EvaluateEvery(options, *trainer)),
      batch_chars_(int64_t{options.batch_size} * options.sequence_length),
      guess_loss_(std::log(static_cast<double>(trainer->network().vocabulary_size()))),
      smooth_loss_(options.sequence_length * guess_loss_),
      started_(seconds_now_()),
      reported_(started_) {}

absl::StatusOr<TrainingOutcome> TrainingRun::Run() {
  bool stopped = false;
  // The limit is checked once in each step, because a clock that runs out between two checks
  // would end the run without an evaluation. It is not checked before the first step, because
  // weights that have learnt nothing are no outcome.
  while (!at_end_ && !early_stop_) {
    stopped = observer_.StopRequested();
    if (stopped) break;
    if (absl::Status status = Step(); !status.ok()) return status;
    stopped = step_stop_.interrupted();
    if (stopped) break;
    at_end_ = AtLimit();
    const bool evaluate = evaluate_every_ > 0 && (at_end_ || step_ % evaluate_every_ == 0);
    const bool sample = options_.sample_every_steps > 0 && step_ % options_.sample_every_steps == 0;
    if (evaluate || sample || at_end_ || seconds_now_() - reported_ >= kReportSeconds) {
      if (absl::Status status = Report(evaluate, sample); !status.ok()) return status;
      if (at_end_ && abandoned_) stopped = true;
    }
    if (!abandoned_) observer_.AfterStep(this);
  }
  // The last weights of a run that is stopped between evaluations may be better than the best
  // known ones.
  if (stopped && !observer_.Abandoned() && evaluate_every_ > 0 && step_ > 0 &&
      (abandoned_ || step_ % evaluate_every_ != 0)) {
    if (absl::Status status = Report(/*evaluate=*/true, /*sample=*/false); !status.ok()) {
      return status;
    }
  }
  if (!best_loss_) best_ = trainer_.outcome();
  const auto finite = [](float weight) { return std::isfinite(weight); };
  if (!std::all_of(best_.begin(), best_.end(), finite)) {
    return Diverged(step_, "a weight is no longer finite");
  }
  return TrainingOutcome{.stopped = stopped,
                         .parameters = std::move(best_),
                         .validation_loss = best_loss_,
                         .steps = step_,
                         .chars_seen = step_ * batch_chars_,
                         .seconds = seconds()};
}

double TrainingRun::Progress() const {
  double progress = 0;
  if (step_limit_ > 0) progress = static_cast<double>(step_) / static_cast<double>(step_limit_);
  if (options_.max_seconds > 0) progress = std::max(progress, seconds() / options_.max_seconds);
  return progress;
}

absl::Status TrainingRun::Step() {
  const double learning_rate = LearningRateAt(options_, step_, Progress());
  const std::optional<StepResult> given =
      trainer_.Step(static_cast<float>(learning_rate), &step_stop_);
  if (!given) return absl::OkStatus();
  const StepResult& result = *given;
  ++step_;
  learning_rate_ = learning_rate;
  if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm)) {
    return Diverged(step_, "the loss is no longer finite");
  }
  gradient_norm_ = result.gradient_norm;
  if (step_ == 1) first_loss_ = result.loss;
  loss_sum_ += result.loss;
  ++loss_steps_;
  smooth_loss_ = 0.999 * smooth_loss_ + 0.001 * result.loss * options_.sequence_length;
  return CheckAgainstGuessing(result.loss);
}

absl::Status TrainingRun::CheckAgainstGuessing(double loss) {
  span_sum_ += loss;
  if (step_ % kDivergenceSteps != 0) return absl::OkStatus();
  const double mean = std::exchange(span_sum_, 0) / kDivergenceSteps;
  if (mean <= std::max(guess_loss_, first_loss_) + kDivergenceNats) return absl::OkStatus();
  return Diverged(step_, absl::StrCat("the loss of the last ", kDivergenceSteps, " steps is ", mean,
                                      " nats a character, where guessing has ", guess_loss_,
                                      " and the first batch had ", first_loss_));
}

absl::Status TrainingRun::Report(bool evaluate, bool sample) {
  ProgressReport report = MakeReport(seconds_now_());
  report.sample_due = sample;
  if (evaluate) {
    absl::Status status = Evaluate(&report);
    if (!status.ok() || abandoned_) return status;
  }
  observer_.OnReport(report, trainer_);
  last_loss_ = report.loss;
  loss_sum_ = 0;
  loss_steps_ = 0;
  reported_ = seconds_now_();
  return absl::OkStatus();
}

ProgressReport TrainingRun::MakeReport(double now) {
  if (loss_steps_ > 0 && now > reported_) {
    chars_per_second_ = static_cast<double>(loss_steps_ * batch_chars_) / (now - reported_);
  }
  const double progress = Progress();
  return {.step = step_,
          .epoch = static_cast<double>(step_) / static_cast<double>(trainer_.batches_per_epoch()),
          .chars_seen = step_ * batch_chars_,
          .loss = loss_steps_ > 0 ? loss_sum_ / static_cast<double>(loss_steps_) : last_loss_,
          .smooth_loss = smooth_loss_,
          .chars_per_second = chars_per_second_,
          .seconds_left = progress > 0 ? std::max(0.0, (now - started_) * (1 / progress - 1)) : 0,
          .learning_rate = learning_rate_,
          .gradient_norm = gradient_norm_};
}

absl::Status TrainingRun::Evaluate(ProgressReport* report) {
  Interruption interruption([this] { return observer_.Abandoned(); });
  const std::optional<double> loss = trainer_.ValidationLoss(&interruption);
  abandoned_ = !loss;
  if (abandoned_) return absl::OkStatus();
  if (!std::isfinite(*loss)) return Diverged(step_, "the validation loss is no longer finite");
  report->validation_loss = loss;
  if (!best_loss_ || *loss < *best_loss_) {
    best_loss_ = loss;
    best_ = trainer_.outcome();
    evaluations_since_best_ = 0;
  } else if (++evaluations_since_best_ == options_.early_stopping_patience) {
    early_stop_ = true;
  }
  return absl::OkStatus();
}

void TrainingRun::Transfer(StateStream* stream) {
  stream->Value(&step_);
  stream->Value(&learning_rate_);
  stream->Value(&gradient_norm_);
  stream->Value(&first_loss_);
  stream->Value(&smooth_loss_);
  stream->Value(&span_sum_);
  stream->Value(&loss_sum_);
  stream->Value(&loss_steps_);
  stream->Value(&last_loss_);
  stream->Optional(&best_loss_);
  best_.resize(best_loss_ ? trainer_.parameters().size() : 0);
  stream->List(absl::MakeSpan(best_));
  stream->Value(&evaluations_since_best_);
  stream->Value(&early_stop_);
  stream->Value(&at_end_);
  stream->Value(&chars_per_second_);
  const double now = seconds_now_();
  double ran = now - started_;
  double since_report = now - reported_;
  stream->Value(&ran);
  stream->Value(&since_report);
  started_ = now - ran;
  reported_ = now - since_report;
  trainer_.Transfer(stream);
}

int64_t StepLimit(const TrainingOptions& options, int64_t batches_per_epoch) {
  // No run reaches a limit that an int64 cannot hold.
  constexpr double kStepsMax = 9e18;
  const auto by_epochs = static_cast<int64_t>(
      std::min(kStepsMax, std::ceil(options.epochs * static_cast<double>(batches_per_epoch))));
  if (options.epochs == 0) return options.max_steps;
  if (options.max_steps == 0) return by_epochs;
  return std::min(by_epochs, options.max_steps);
}

absl::StatusOr<TrainingOutcome> RunTraining(const TrainingOptions& options,
                                            std::function<double()> seconds_now,
                                            Trainer<float>* trainer, TrainingObserver* observer) {
  return TrainingRun(options, std::move(seconds_now), trainer, observer).Run();
}

}  // namespace runnel
