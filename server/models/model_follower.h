// Looks every second for versions that other processes have published in the data folder.
#ifndef RUNNEL_SERVER_MODELS_MODEL_FOLLOWER_H_
#define RUNNEL_SERVER_MODELS_MODEL_FOLLOWER_H_

#include <chrono>
#include <thread>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/model/model_store.h"

namespace runnel::server {

class ModelFollower {
 public:
  // `models` must outlive this.
  explicit ModelFollower(ModelStore* models,
                         std::chrono::milliseconds interval = std::chrono::seconds(1));
  ~ModelFollower();
  ModelFollower(const ModelFollower&) = delete;
  ModelFollower& operator=(const ModelFollower&) = delete;

  // RESOURCE_EXHAUSTED if the system refused to start the thread.
  const absl::Status& start_status() const { return start_status_; }

 private:
  void FollowUntilStopped();

  ModelStore& models_;
  const std::chrono::milliseconds interval_;
  Mutex mutex_;
  CondVar changed_;
  bool stopped_ RUNNEL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
  absl::Status start_status_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_MODEL_FOLLOWER_H_
