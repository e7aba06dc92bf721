// The calls of one kind that are under way, which are cancelled together when the server shuts
// down. Thread-safe.
#ifndef RUNNEL_SERVER_BASE_RUNNING_CALLS_H_
#define RUNNEL_SERVER_BASE_RUNNING_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <set>

#include "absl/status/status.h"
#include "core/base/mutex.h"

namespace runnel::server {

class RunningCalls {
 public:
  // UNAVAILABLE after CancelAll. Otherwise the call must remove `context` in OnDone, before gRPC
  // destroys it.
  absl::Status Add(grpc::CallbackServerContext* context) RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    if (cancelled_) return absl::UnavailableError("the server is shutting down");
    contexts_.insert(context);
    return absl::OkStatus();
  }
  // Does nothing if `context` was not added.
  void Remove(grpc::CallbackServerContext* context) RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    contexts_.erase(context);
  }
  // Must not be called from a reaction, because a cancel may run the reactions that follow from it
  // on the same thread.
  void CancelAll() RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    cancelled_ = true;
    for (grpc::CallbackServerContext* context : contexts_) context->TryCancel();
  }

 private:
  Mutex mutex_;
  std::set<grpc::CallbackServerContext*> contexts_ RUNNEL_GUARDED_BY(mutex_);
  bool cancelled_ RUNNEL_GUARDED_BY(mutex_) = false;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_RUNNING_CALLS_H_
