// Calls of one kind that are under way, to be cancelled together when the server shuts down.
// Thread-safe.
#ifndef RUNNEL_SERVER_BASE_RUNNING_CALLS_H_
#define RUNNEL_SERVER_BASE_RUNNING_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <set>

#include "absl/status/status.h"

namespace runnel::server {

class RunningCalls {
 public:
  // UNAVAILABLE after CancelAll. Else `context` must be removed before it is gone: in OnDone.
  absl::Status Add(grpc::CallbackServerContext* context) {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return absl::UnavailableError("the server is shutting down");
    contexts_.insert(context);
    return absl::OkStatus();
  }
  // Nothing happens if it was not added.
  void Remove(grpc::CallbackServerContext* context) {
    const std::lock_guard lock(mutex_);
    contexts_.erase(context);
  }
  // Not from a reaction: what follows from a cancel must not run in this thread.
  void CancelAll() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (grpc::CallbackServerContext* context : contexts_) context->TryCancel();
  }

 private:
  std::mutex mutex_;
  std::set<grpc::CallbackServerContext*> contexts_;
  bool cancelled_ = false;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_RUNNING_CALLS_H_
