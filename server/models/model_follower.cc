#include "server/models/model_follower.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/thread.h"
#include "server/base/log.h"

namespace runnel::server {
namespace {

// The time until it looks again after it could not.
constexpr std::chrono::milliseconds kAfterFailure = std::chrono::minutes(1);

}  // namespace

ModelFollower::ModelFollower(ModelStore* models, std::chrono::milliseconds interval)
    : models_(*models), interval_(interval) {
  absl::StatusOr<std::thread> thread = StartThread([this] { FollowUntilStopped(); });
  start_status_ = thread.status();
  if (start_status_.ok()) thread_ = *std::move(thread);
}

ModelFollower::~ModelFollower() {
  {
    const MutexLock lock(&mutex_);
    stopped_ = true;
  }
  changed_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void ModelFollower::FollowUntilStopped() {
  using Clock = std::chrono::steady_clock;
  MutexLock lock(&mutex_);
  while (!stopped_) {
    lock.Unlock();
    const absl::Status status = models_.Refresh();
    // A folder that is gone has been reported by the store.
    if (!status.ok() && !absl::IsFailedPrecondition(status)) {
      Log(LogLevel::kWarning, status.message());
    }
    const auto next = Clock::now() + (status.ok() ? interval_ : std::max(interval_, kAfterFailure));
    lock.Lock();
    while (!stopped_ && Clock::now() < next) changed_.WaitUntil(&mutex_, next);
  }
}

}  // namespace runnel::server
