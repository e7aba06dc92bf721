#include "server/training/training_jobs.h"

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/thread.h"
#include "server/training/training_job_run.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {
namespace {

constexpr absl::string_view kTokenPrefix = "before-";
// The niceness, as of nice(2), of the threads that train, so that texts that are being written go
// first. It is large enough for a writing thread to get a processor as soon as it wakes; training
// takes all the time that the texts leave.
constexpr int kTrainingNiceness = 10;
constexpr char kShutdownReason[] = "the server shut down";

// A token names the last job of its page, so that jobs that come or go do not shift the next page.
std::string PageToken(uint64_t last_number) { return absl::StrCat(kTokenPrefix, last_number); }

// The number in a token; nothing if PageToken did not make it.
std::optional<uint64_t> LastNumber(absl::string_view token) {
  uint64_t number = 0;
  if (!absl::ConsumePrefix(&token, kTokenPrefix) || !absl::SimpleAtoi(token, &number) ||
      absl::StrCat(number) != token) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

TrainingJobs::TrainingJobs(ModelStore* models, const Limits& limits)
    : models_(*models), limits_(limits) {
  absl::StatusOr<std::thread> thread = StartThread([this] { TrainUntilStopped(); });
  start_status_ = thread.status();
  if (start_status_.ok()) thread_ = *std::move(thread);
}

TrainingJobs::~TrainingJobs() { Stop(); }

absl::StatusOr<std::shared_ptr<TrainingJob>> TrainingJobs::FindRequest(
    const std::string& request_id, const std::string& model) const {
  const MutexLock lock(&mutex_);
  return FindRequestLocked(request_id, model);
}

absl::StatusOr<std::shared_ptr<TrainingJob>> TrainingJobs::FindRequestLocked(
    const std::string& request_id, const std::string& model) const {
  const auto found = by_request_id_.find(request_id);
  if (request_id.empty() || found == by_request_id_.end()) return nullptr;
  if (found->second->model() == model) return found->second;
  return absl::AlreadyExistsError(absl::StrCat("request_id: was used already, for job ",
                                               found->second->id(), " of model ",
                                               found->second->model()));
}

absl::Status TrainingJobs::CheckRoom() const {
  const MutexLock lock(&mutex_);
  return CheckRoomLocked();
}

absl::Status TrainingJobs::CheckRoomLocked() const {
  if (stopped_) return absl::UnavailableError("the server is shutting down");
  // An idle training thread takes the job at once, so a queue of length 0 still trains.
  const int idle = running_ == nullptr || HasEnded(running_->state()) ? 1 : 0;
  if (static_cast<int>(queue_.size()) < limits_.queued_max + idle) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the queue of training jobs is full: at most ",
                                                   limits_.queued_max,
                                                   " may wait while one trains; try again later"));
}

absl::StatusOr<std::shared_ptr<TrainingJob>> TrainingJobs::Submit(TrainingSpec spec) {
  std::shared_ptr<TrainingJob> job;
  {
    const MutexLock lock(&mutex_);
    auto known = FindRequestLocked(spec.request_id, spec.model);
    if (!known.ok() || *known != nullptr) return known;
    if (absl::Status status = CheckRoomLocked(); !status.ok()) return status;
    job = std::make_shared<TrainingJob>(std::move(spec), next_number_++);
    jobs_[job->number()] = job;
    by_id_[job->id()] = job;
    if (!job->request_id().empty()) by_request_id_[job->request_id()] = job;
    queue_.push_back(job);
  }
  changed_.NotifyAll();
  return job;
}

absl::StatusOr<std::shared_ptr<TrainingJob>> TrainingJobs::Find(const std::string& id) const {
  const MutexLock lock(&mutex_);
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) return found->second;
  return absl::NotFoundError(absl::StrCat("there is no training job ", Quoted(id)));
}

absl::StatusOr<TrainingJobs::Page> TrainingJobs::List(const Filter& filter, int page_size,
                                                      const std::string& page_token) const {
  const std::optional<uint64_t> before = LastNumber(page_token);
  if (!page_token.empty() && !before) {
    return absl::InvalidArgumentError("is not a token of this list");
  }
  const MutexLock lock(&mutex_);
  Page page;
  auto it = std::make_reverse_iterator(before ? jobs_.lower_bound(*before) : jobs_.end());
  for (; it != jobs_.rend(); ++it) {
    const std::shared_ptr<TrainingJob>& job = it->second;
    if (!filter.model.empty() && job->model() != filter.model) continue;
    if (filter.state != v1::TRAINING_JOB_STATE_UNSPECIFIED && job->state() != filter.state) {
      continue;
    }
    if (static_cast<int>(page.jobs.size()) == page_size) {
      page.next_page_token = PageToken(page.jobs.back()->number());
      break;
    }
    page.jobs.push_back(job);
  }
  return page;
}

absl::StatusOr<std::shared_ptr<TrainingJob>> TrainingJobs::Cancel(const std::string& id,
                                                                  bool publish) {
  auto job = Find(id);
  if (!job.ok()) return job;
  if (absl::Status status = (*job)->Cancel(publish); !status.ok()) return status;
  const MutexLock lock(&mutex_);
  const auto queued = std::find(queue_.begin(), queue_.end(), *job);
  if (queued != queue_.end()) queue_.erase(queued);
  ForgetOldJobs();
  return job;
}

void TrainingJobs::Stop() {
  std::vector<std::shared_ptr<TrainingJob>> to_stop;
  {
    const MutexLock lock(&mutex_);
    stopped_ = true;
    to_stop.assign(queue_.begin(), queue_.end());
    queue_.clear();
    if (running_ != nullptr) to_stop.push_back(running_);
  }
  changed_.NotifyAll();
  for (const auto& job : to_stop) job->Stop(kShutdownReason);
  if (thread_.joinable()) thread_.join();
}

void TrainingJobs::TrainUntilStopped() {
  // On Linux this sets the niceness of only this thread and of those that it starts from now on,
  // which are the workers of the jobs.
  setpriority(PRIO_PROCESS, 0, kTrainingNiceness);
  MutexLock lock(&mutex_);
  while (true) {
    while (!stopped_ && queue_.empty()) changed_.Wait(&mutex_);
    if (stopped_) return;
    running_ = std::move(queue_.front());
    queue_.pop_front();
    const std::shared_ptr<TrainingJob> job = running_;
    lock.Unlock();
    RunTrainingJob(job.get(), &models_,
                   {.threads = limits_.threads, .seconds_max = limits_.job_seconds_max});
    lock.Lock();
    running_ = nullptr;
    ForgetOldJobs();
  }
}

void TrainingJobs::ForgetOldJobs() {
  size_t ended = 0;
  for (auto it = jobs_.end(); it != jobs_.begin();) {
    --it;
    const std::shared_ptr<TrainingJob> job = it->second;
    if (!HasEnded(job->state())) continue;
    ++ended;
    if (ended > kEndedWholeMax) job->ThinHistory(kReportsWhenOld);
    if (ended <= kEndedMax) continue;
    by_id_.erase(job->id());
    if (!job->request_id().empty()) by_request_id_.erase(job->request_id());
    it = jobs_.erase(it);
  }
}

}  // namespace runnel::server
