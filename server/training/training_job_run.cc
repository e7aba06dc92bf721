#include "server/training/training_job_run.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/interruption.h"
#include "core/base/out_of_memory.h"
#include "core/generate/single_stream.h"
#include "core/nn/network.h"
#include "core/train/fine_tuning.h"
#include "core/train/training_run.h"
#include "server/base/allocator.h"
#include "server/base/log.h"
#include "server/wire/error_mapping.h"
#include "server/wire/model_convert.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

constexpr int64_t kPreviewChars = 200;
constexpr size_t kErrorBytesMax = 1000;
constexpr std::chrono::seconds kPublishWaitMax(10);

double SteadySeconds() {
  using Seconds = std::chrono::duration<double>;
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Numbers beyond a float's range become the largest float, because JSON has no infinity.
float ToFloat(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMax, kMax));
}

v1::TrainingProgress ToProgress(const ProgressReport& report) {
  v1::TrainingProgress progress;
  progress.set_step(report.step);
  progress.set_epoch(ToFloat(report.epoch));
  progress.set_chars_seen(report.chars_seen);
  progress.set_loss(ToFloat(report.loss));
  progress.set_smooth_loss(ToFloat(report.smooth_loss));
  if (report.validation_loss) progress.set_validation_loss(ToFloat(*report.validation_loss));
  progress.set_chars_per_second(ToFloat(report.chars_per_second));
  progress.set_seconds_left(ToFloat(report.seconds_left));
  progress.set_learning_rate(ToFloat(report.learning_rate));
  progress.set_gradient_norm(ToFloat(report.gradient_norm));
  return progress;
}

// Lets the model in training write a short text, starting from the state of its first lane: the
// preview that the classic script prints. It ends early when the job is stopped.
std::string Preview(const Trainer<float>& trainer, const Vocabulary& vocabulary, uint64_t seed,
                    int64_t step, const TrainingJob& job) {
  auto model = std::make_shared<LanguageModel>();
  model->vocabulary = vocabulary;
  model->decoder = trainer.network().NewDecoder(trainer.outcome().data());
  const SamplingOptions options{
      .seed = seed, .sample_index = static_cast<uint64_t>(step), .max_chars = kPreviewChars};
  Session session(model, options, {trainer.FirstInput()}, trainer.FirstLaneState());
  SingleStream stream(std::move(session));
  std::string text;
  while (!job.stop_requested() && stream.Step(&text) != Event::kEnd) continue;
  return text;
}

class JobObserver : public TrainingObserver {
 public:
  // The job's time starts when the observer is made.
  JobObserver(TrainingJob* job, const TrainingSpec& spec, int seconds_max)
      : job_(*job), spec_(spec), seconds_max_(seconds_max), started_(SteadySeconds()) {}

  bool StopRequested() override {
    if (job_.stop_requested()) return true;
    out_of_time_ = seconds_max_ > 0 && SteadySeconds() - started_ >= seconds_max_;
    return out_of_time_;
  }
  // Whether the observer stopped the job because its time was up.
  bool out_of_time() const { return out_of_time_; }

  bool StopAtOnce() override { return job_.stop_requested(); }
  bool Abandoned() override { return job_.stop_requested() && !job_.publish_when_stopped(); }

  void OnReport(const ProgressReport& report, const Trainer<float>& trainer) override {
    v1::TrainingProgress progress = ToProgress(report);
    if (report.sample_due && !spec_.network.bidirectional) {
      progress.set_sample_text(Preview(trainer, spec_.corpus->corpus.vocabulary(),
                                       spec_.options.seed, report.step, job_));
    }
    job_.Report(std::move(progress));
  }

 private:
  TrainingJob& job_;
  const TrainingSpec& spec_;
  const int seconds_max_;  // 0: no limit
  const double started_;   // in seconds, by SteadySeconds
  bool out_of_time_ = false;
};

// Lets the trainer begin with the weights of the spec's base. FAILED_PRECONDITION if the file has
// been replaced since the job was submitted, perhaps hours ago.
absl::Status StartFromBase(const TrainingSpec& spec, ModelStore* models, Trainer<float>* trainer) {
  const absl::StatusOr<StoredVersion> base = models->Read(spec.base->reference);
  if (!base.ok()) return WithField("base", base.status());
  const ModelDescription& submitted = *spec.base->description;
  const Vocabulary& known = base->data.description.vocabulary;
  if (base->data.description.network != submitted.network || known != submitted.vocabulary) {
    return absl::FailedPreconditionError(
        absl::StrCat("base: the file of ", spec.base->reference.ToString(),
                     " has been replaced by another network's since the job was submitted"));
  }
  const auto network = MakeNetwork<float>(spec.network, known.size());
  CarryOver<float>({.layout = network->layout(),
                    .vocabulary = known,
                    .parameters = base->data.parameters.data()},
                   {.layout = trainer->network().layout(),
                    .vocabulary = spec.corpus->corpus.vocabulary(),
                    .parameters = trainer->mutable_parameters()->data()});
  return absl::OkStatus();
}

struct JobOutcome {
  TrainingOutcome training;
  bool out_of_time = false;
};

absl::StatusOr<JobOutcome> Train(TrainingJob* job, const TrainingSpec& spec, ModelStore* models,
                                 const TrainingJobLimits& limits) {
  const Corpus& corpus = spec.corpus->corpus;
  const auto network = MakeNetwork<float>(spec.network, corpus.vocabulary().size());
  const auto pool = WorkerPool::Create(limits.threads);
  if (!pool.ok()) return pool.status();
  Interruption stop([job] { return job->stop_requested(); });
  Trainer<float> trainer(*network, corpus, spec.options, pool->get(), &stop);
  if (stop.interrupted()) return JobOutcome{.training = {.stopped = true}};
  if (spec.base) {
    if (absl::Status status = StartFromBase(spec, models, &trainer); !status.ok()) return status;
  }
  JobObserver observer(job, spec, limits.seconds_max);
  absl::StatusOr<TrainingOutcome> outcome =
      RunTraining(spec.options, SteadySeconds, &trainer, &observer);
  if (!outcome.ok()) return outcome.status();
  return JobOutcome{.training = *std::move(outcome), .out_of_time = observer.out_of_time()};
}

// Publishes the outcome. While the disk or the memory is full, or another process holds the lock of
// the models, it tries again, until the job is stopped, because the training may have taken days.
absl::StatusOr<VersionInfo> Publish(const TrainingJob& job, const TrainingSpec& spec,
                                    TrainingOutcome outcome, ModelStore* models) {
  ModelData data;
  data.description = {.network = spec.network,
                      .vocabulary = spec.corpus->corpus.vocabulary(),
                      .parameter_count = spec.parameter_count,
                      .validation_loss = outcome.validation_loss,
                      .chars_trained = outcome.chars_seen,
                      .training_job = job.id(),
                      .create_time_ms = absl::ToUnixMillis(absl::Now()),
                      .training = ToModelFileJson(server::ToProto(spec.options))};
  data.parameters = std::move(outcome.parameters);
  for (std::chrono::seconds wait(1);; wait = std::min(2 * wait, kPublishWaitMax)) {
    absl::StatusOr<VersionInfo> published = models->Publish(spec.model, data);
    const absl::Status& status = published.status();
    if (!absl::IsResourceExhausted(status) && !absl::IsUnavailable(status)) return published;
    Log(LogLevel::kWarning, absl::StrCat("job ", job.id(), " cannot publish yet, tries again in ",
                                         wait.count(), " s: ", status.message()));
    if (job.WaitForStop(wait)) return published;
  }
}

struct Ending {
  v1::TrainingJobState state;
  std::string error;
  int version = 0;
};

Ending Failed(const absl::Status& status) {
  return {.state = v1::TRAINING_JOB_STATE_FAILED,
          .error = SafeText(status.message(), kErrorBytesMax)};
}

Ending TrainAndPublish(TrainingJob* job, const TrainingSpec& spec, ModelStore* models,
                       const TrainingJobLimits& limits) {
  absl::StatusOr<JobOutcome> outcome =
      OrOutOfMemory("this training", [&] { return Train(job, spec, models, limits); });
  if (!outcome.ok()) return Failed(outcome.status());
  const bool cancelled = outcome->training.stopped && !outcome->out_of_time;
  Ending ending{.state = v1::TRAINING_JOB_STATE_SUCCEEDED};
  if (cancelled) {
    ending = {.state = v1::TRAINING_JOB_STATE_CANCELLED, .error = job->stop_reason()};
    if (!job->publish_when_stopped() || outcome->training.steps == 0) return ending;
  } else if (outcome->out_of_time) {
    ending.error = absl::StrCat("the server's maximum of ", limits.seconds_max,
                                " seconds for a job ended the training");
  }
  const absl::StatusOr<VersionInfo> published =
      Publish(*job, spec, std::move(outcome->training), models);
  if (published.ok()) {
    ending.version = published->version;
    return ending;
  }
  ending = Failed(published.status());
  if (job->stop_requested()) ending.state = v1::TRAINING_JOB_STATE_CANCELLED;
  return ending;
}

}  // namespace

void RunTrainingJob(TrainingJob* job, ModelStore* models, const TrainingJobLimits& limits) {
  std::unique_ptr<const TrainingSpec> spec = job->Begin();
  if (spec == nullptr) return;
  Log(LogLevel::kInfo, absl::StrCat("job ", job->id(), " trains ", spec->model));
  const Ending ending = TrainAndPublish(job, *spec, models, limits);
  spec.reset();  // frees the corpus before anyone learns that the job has ended
  ReturnFreedMemory();
  Log(ending.state == v1::TRAINING_JOB_STATE_FAILED ? LogLevel::kWarning : LogLevel::kInfo,
      absl::StrCat("job ", job->id(), " ended ", v1::TrainingJobState_Name(ending.state),
                   ending.version > 0 ? absl::StrCat(" as version ", ending.version) : "",
                   ending.error.empty() ? "" : ": ", ending.error));
  job->End(ending.state, ending.error, ending.version);
}

}  // namespace runnel::server
