// The calls of one kind that are under way, which are cancelled together when the server shuts
// down. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_RUNNING_CALLS_H_
#define RUNNEL_SERVER_BASE_RUNNING_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <set>

#include "absl/status/status.h"

namespace runnel::server {

class RunningCalls {
 public:
  // UNAVAILABLE after CancelAll. Otherwise the call must remove `context` in OnDone, before gRPC
  // destroys it.
  absl::Status Add(grpc::CallbackServerContext* context) {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return absl::UnavailableError("the server is shutting down");
    contexts_.insert(context);
    return absl::OkStatus();
  }
  // Does nothing if `context` was not added.
  void Remove(grpc::CallbackServerContext* context) {
    const std::lock_guard lock(mutex_);
    contexts_.erase(context);
  }
  // Must not be called from a reaction, because a cancel may run the reactions that follow from it
  // on the same thread.
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
