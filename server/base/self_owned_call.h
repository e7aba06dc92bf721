// The base of calls that own themselves. gRPC holds a plain pointer to a reactor until OnDone.
// Tasks on other threads may hold the call longer. Whichever of the two lets go last destroys the
// call.
//
// The rules, which this class keeps for its subclasses:
//
// - The call keeps itself alive until OnDone. A task that works for it holds a shared pointer
//   (shared_from_this), so it may outlive OnDone, but gRPC's objects may not be touched then.
// - The call is finished once: FinishOnce and WriteAndFinishOnce do nothing the second time.
//   `finished` tells, and nothing of gRPC may be touched after that either.
// - gRPC runs a reaction as soon as the operation before it is done, perhaps on another thread
//   before the caller of that operation has returned. So mutex_ guards the call's state, and is
//   held while an operation is started.
// - After a cancel, pending reads and writes fail, and the call must still be finished. A call that
//   waits for something else finishes itself in OnCancelled.
//
// `Reactor` is one of gRPC's, for example grpc::ServerUnaryReactor. Start a call so:
//
//   auto call = std::make_shared<MyCall>(...);
//   call->OwnItself();
//   ... operations, tasks that hold `call` ...
//   return call.get();  // to gRPC
#ifndef RUNNEL_SERVER_BASE_SELF_OWNED_CALL_H_
#define RUNNEL_SERVER_BASE_SELF_OWNED_CALL_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

template <typename Reactor>
class SelfOwnedCall : public Reactor, public std::enable_shared_from_this<SelfOwnedCall<Reactor>> {
 public:
  // Called once, before the first operation or task.
  void OwnItself() RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    self_ = this->shared_from_this();
  }

  void OnCancel() final {
    cancelled_ = true;
    OnCancelled();
  }
  void OnDone() final {
    OnEnd();
    std::shared_ptr<SelfOwnedCall> self;  // destroyed last, when mutex_ is free
    const MutexLock lock(&mutex_);
    self = std::move(self_);
  }

 protected:
  // The client has cancelled the call, or its connection is gone.
  bool cancelled() const { return cancelled_; }
  // Call this when a write has failed: a cancel caused that, but gRPC may report the cancel only
  // later.
  void SetCancelled() { cancelled_ = true; }

  bool finished() const RUNNEL_REQUIRES(mutex_) { return finished_; }
  void FinishOnce(const absl::Status& status) RUNNEL_REQUIRES(mutex_) {
    if (std::exchange(finished_, true)) return;
    this->Finish(ToGrpcStatus(status));
  }
  // The same, for a caller that does not hold the mutex.
  void End(const absl::Status& status) RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    FinishOnce(status);
  }
  // `message` must live until OnDone.
  template <typename Message>
  void WriteAndFinishOnce(const Message* message) RUNNEL_REQUIRES(mutex_) {
    if (std::exchange(finished_, true)) return;
    this->StartWriteAndFinish(message, grpc::WriteOptions(), grpc::Status::OK);
  }

  // The call was just cancelled. Other reactions may run at the same time.
  virtual void OnCancelled() RUNNEL_EXCLUDES(mutex_) {}
  // gRPC has let the call go: what it holds of the server's can be given back. Tasks may still hold
  // the call.
  virtual void OnEnd() RUNNEL_EXCLUDES(mutex_) {}

  // `Call` is the subclass itself.
  template <typename Call>
  std::shared_ptr<Call> SharedAs() {
    return std::static_pointer_cast<Call>(this->shared_from_this());
  }

  Mutex mutex_;

 private:
  std::atomic<bool> cancelled_ = false;
  bool finished_ RUNNEL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<SelfOwnedCall> self_ RUNNEL_GUARDED_BY(mutex_);  // until OnDone
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_SELF_OWNED_CALL_H_
