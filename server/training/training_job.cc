#include "server/training/training_job.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/random_id.h"
#include "server/wire/training_convert.h"

namespace runnel::server {
namespace {

google::protobuf::Timestamp Now() { return ToTimestamp(absl::ToUnixMillis(absl::Now())); }

}  // namespace

bool HasEnded(v1::TrainingJobState state) {
  return state == v1::TRAINING_JOB_STATE_SUCCEEDED || state == v1::TRAINING_JOB_STATE_FAILED ||
         state == v1::TRAINING_JOB_STATE_CANCELLED;
}

TrainingJob::Subscription::~Subscription() {
  const MutexLock lock(&job_->mutex_);
  job_->listeners_.erase(key_);
}

TrainingJob::TrainingJob(TrainingSpec spec, uint64_t number)
    : id_(RandomId()), model_(spec.model), request_id_(spec.request_id), number_(number) {
  const Corpus& corpus = spec.corpus->corpus;
  job_.set_id(id_);
  job_.set_model(model_);
  job_.set_state(v1::TRAINING_JOB_STATE_QUEUED);
  *job_.mutable_network() = ToProto(spec.network, corpus.vocabulary().rules());
  *job_.mutable_training() = ToProto(spec.options);
  *job_.mutable_create_time() = Now();
  job_.set_corpus_chars(corpus.chars());
  job_.set_vocabulary_size(corpus.vocabulary().size());
  job_.set_parameter_count(spec.parameter_count);
  spec_ = std::make_unique<TrainingSpec>(std::move(spec));
}

v1::TrainingJob TrainingJob::Snapshot() const {
  const MutexLock lock(&mutex_);
  return job_;
}

v1::TrainingJobState TrainingJob::state() const {
  const MutexLock lock(&mutex_);
  return job_.state();
}

std::unique_ptr<const TrainingSpec> TrainingJob::Begin() {
  const MutexLock lock(&mutex_);
  if (job_.state() != v1::TRAINING_JOB_STATE_QUEUED) return nullptr;
  job_.set_state(v1::TRAINING_JOB_STATE_RUNNING);
  *job_.mutable_start_time() = Now();
  return std::move(spec_);
}

void TrainingJob::Report(v1::TrainingProgress progress) {
  Listeners listeners;
  {
    const MutexLock lock(&mutex_);
    *job_.mutable_progress() = progress;
    history_.Add(std::move(progress));
    listeners = listeners_;
  }
  Notify(listeners);
}

void TrainingJob::End(v1::TrainingJobState state, const std::string& error, int published_version) {
  Listeners listeners;
  {
    const MutexLock lock(&mutex_);
    job_.set_published_version(published_version);
    listeners = EndLocked(state, error);
  }
  Notify(listeners);
}

TrainingJob::Listeners TrainingJob::EndLocked(v1::TrainingJobState state,
                                              const std::string& error) {
  job_.set_state(state);
  job_.set_error(error);
  *job_.mutable_end_time() = Now();
  spec_.reset();
  return listeners_;
}

void TrainingJob::Notify(const Listeners& listeners) {
  for (const auto& [key, listener] : listeners) (*listener)();
}

bool TrainingJob::WaitForStop(std::chrono::seconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  const MutexLock lock(&mutex_);
  while (!stop_requested_ && stop_came_.WaitUntil(&mutex_, end)) {
  }
  return stop_requested_;
}

bool TrainingJob::publish_when_stopped() const {
  const MutexLock lock(&mutex_);
  return publish_when_stopped_;
}

std::string TrainingJob::stop_reason() const {
  const MutexLock lock(&mutex_);
  return stop_reason_;
}

absl::Status TrainingJob::Cancel(bool publish) {
  Listeners listeners;
  {
    const MutexLock lock(&mutex_);
    if (HasEnded(job_.state())) {
      return absl::FailedPreconditionError(absl::StrCat(
          "job ", id_, " has ended already: ", v1::TrainingJobState_Name(job_.state())));
    }
    publish_when_stopped_ = publish_when_stopped_ || publish;
    stop_requested_ = true;
    stop_came_.NotifyAll();
    if (job_.state() == v1::TRAINING_JOB_STATE_QUEUED) {
      listeners = EndLocked(v1::TRAINING_JOB_STATE_CANCELLED, "");
    }
  }
  Notify(listeners);
  return absl::OkStatus();
}

void TrainingJob::Stop(const std::string& reason) {
  Listeners listeners;
  {
    const MutexLock lock(&mutex_);
    if (HasEnded(job_.state())) return;
    stop_reason_ = reason;
    stop_requested_ = true;
    stop_came_.NotifyAll();
    if (job_.state() == v1::TRAINING_JOB_STATE_QUEUED) {
      listeners = EndLocked(v1::TRAINING_JOB_STATE_CANCELLED, reason);
    }
  }
  Notify(listeners);
}

std::unique_ptr<TrainingJob::Subscription> TrainingJob::Subscribe(std::function<void()> listener) {
  const MutexLock lock(&mutex_);
  const uint64_t key = next_listener_++;
  listeners_[key] = std::make_shared<const std::function<void()>>(std::move(listener));
  return std::make_unique<Subscription>(shared_from_this(), key);
}

TrainingJob::Next TrainingJob::Read(uint64_t* cursor,
                                    v1::WatchTrainingJobResponse* response) const {
  response->Clear();
  const MutexLock lock(&mutex_);
  if (const ProgressHistory::Entry* entry = history_.From(*cursor)) {
    *response->mutable_progress() = entry->report;
    *cursor = entry->number + 1;
    return Next::kReport;
  }
  if (!HasEnded(job_.state())) return Next::kNothingYet;
  *response->mutable_ended_job() = job_;
  return Next::kEnd;
}

uint64_t TrainingJob::next_report() const {
  const MutexLock lock(&mutex_);
  return history_.next_number();
}

void TrainingJob::ThinHistory(size_t reports) {
  const MutexLock lock(&mutex_);
  history_.ThinTo(reports);
}

}  // namespace runnel::server
