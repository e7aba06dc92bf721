#include "server/base/call_guard.h"

#include <google/protobuf/message_lite.h>
#include <grpc/grpc.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/base/thread.h"
#include "server/base/fair_slots.h"

namespace runnel::server {
namespace {

using Clock = std::chrono::steady_clock;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// Stalled calls are looked for this many times in the time that they have.
constexpr int kLooksPerStall = 8;
constexpr std::chrono::milliseconds kLookIntervalMax(1000);
// A message that waits exists twice: as the response and as the bytes made of it. The response is
// the larger one, because each of its fields has a header.
constexpr int64_t kMemoryPerByte = 3;
// gRPC only reports that a whole message was sent, so a large one gets more time: as long as it
// takes on the slowest link that is served.
constexpr int64_t kBytesPerSecondMin = 16 << 10;
// gRPC's reflection is synchronous: each of its streams holds a thread until it ends. They are
// recognized as bidirectional streams, of which Runnel has none.
constexpr int kReflectionStreamsMax = 16;

// Ends a call with a status. Its reactions run on gRPC's threads, or on this one when it returns.
void Cancel(grpc_call* call, grpc_status_code code, const std::string& reason) {
  grpc_call_cancel_with_status(call, code, reason.c_str(), nullptr);
}

}  // namespace

// What the guard and the interceptors of its calls share.
class CallGuard::State {
 public:
  // A call that is under way, from its interceptor's beginning to its end.
  struct Call {
    grpc_call* call = nullptr;
    std::string peer;
    std::unique_ptr<FairSlots::Slot> reflection_slot;  // of a reflection stream
    // Until when the peer must have taken or sent something; the latest time if the call does not
    // wait for it.
    Clock::time_point deadline = Clock::time_point::max();
  };
  using Place = std::list<Call>::iterator;

  explicit State(const Limits& limits) : limits_(limits), memory_(limits.response_bytes_max) {}

  struct Added {
    Place place;
    absl::Status status;
  };
  // Counts a call and keeps it alive. Its place is valid until Remove. The status is
  // RESOURCE_EXHAUSTED if the call exceeds a limit.
  Added Add(grpc_call* call, std::string peer, bool is_reflection) RUNNEL_EXCLUDES(mutex_) {
    grpc_call_ref(call);
    absl::Status reflection;
    std::unique_ptr<FairSlots::Slot> reflection_slot;
    if (is_reflection) {
      auto taken = reflection_slots_.Take(peer);
      reflection = taken.status();
      if (taken.ok()) reflection_slot = *std::move(taken);
    }
    const MutexLock lock(&mutex_);
    const int on_connection = ++calls_of_[peer];
    const bool is_one_connection = IsOneConnection(peer);
    calls_.push_front(
        {.call = call, .peer = std::move(peer), .reflection_slot = std::move(reflection_slot)});
    Added added = {.place = calls_.begin(), .status = std::move(reflection)};
    if (on_connection > limits_.calls_per_connection_max && is_one_connection) {
      added.status = absl::ResourceExhaustedError(
          absl::StrCat("this connection has ", limits_.calls_per_connection_max,
                       " calls under way, which is the most that one may have"));
    } else if (static_cast<int>(calls_.size()) > limits_.calls_max) {
      added.status = absl::ResourceExhaustedError(
          absl::StrCat("this server has ", limits_.calls_max,
                       " calls under way, which is the most; try again later"));
    }
    return added;
  }
  void Remove(Place place) RUNNEL_EXCLUDES(mutex_) {
    grpc_call* const call = place->call;
    {
      const MutexLock lock(&mutex_);
      const auto counted = calls_of_.find(place->peer);
      if (--counted->second == 0) calls_of_.erase(counted);
      calls_.erase(place);
    }
    grpc_call_unref(call);
  }
  // From now on the call waits until its peer takes `bytes` or sends something.
  void BeginWait(Place place, int64_t bytes) RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    place->deadline =
        Clock::now() + limits_.stall + std::chrono::seconds(bytes / kBytesPerSecondMin);
  }
  void EndWait(Place place) RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    place->deadline = Clock::time_point::max();
  }
  absl::StatusOr<std::unique_ptr<MemoryBudget::Claim>> ClaimResponse(int64_t bytes) {
    return memory_.Take(bytes, "the response");
  }
  int calls() const RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    return static_cast<int>(calls_.size());
  }
  int64_t response_bytes() const { return memory_.taken(); }

  // Ends stalled calls until Stop.
  void Watch() RUNNEL_EXCLUDES(mutex_) {
    const auto interval =
        std::clamp(limits_.stall / kLooksPerStall, std::chrono::milliseconds(1), kLookIntervalMax);
    MutexLock lock(&mutex_);
    while (!stopped_) {
      changed_.WaitUntil(&mutex_, Clock::now() + interval);
      if (stopped_) return;
      const std::vector<grpc_call*> stalled = TakeStalled();
      // Without the mutex, because a cancelled call's reactions may run on this thread.
      lock.Unlock();
      for (grpc_call* call : stalled) {
        Cancel(call, GRPC_STATUS_DEADLINE_EXCEEDED,
               absl::StrCat("the client has neither taken nor sent anything for ",
                            std::chrono::duration<double>(limits_.stall).count(), " s"));
        grpc_call_unref(call);
      }
      lock.Lock();
    }
  }
  void Stop() RUNNEL_EXCLUDES(mutex_) {
    const MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }

 private:
  // The calls that have waited too long, each with a reference that keeps it alive.
  std::vector<grpc_call*> TakeStalled() RUNNEL_REQUIRES(mutex_) {
    const Clock::time_point now = Clock::now();
    std::vector<grpc_call*> stalled;
    for (Call& call : calls_) {
      if (call.deadline > now) continue;
      call.deadline = Clock::time_point::max();
      grpc_call_ref(call.call);
      stalled.push_back(call.call);
    }
    return stalled;
  }

  const Limits limits_;
  MemoryBudget memory_;
  mutable Mutex mutex_;
  CondVar changed_;
  FairSlots reflection_slots_{kReflectionStreamsMax, "reflection streams are under way"};
  std::list<Call> calls_ RUNNEL_GUARDED_BY(mutex_);
  std::map<std::string, int> calls_of_ RUNNEL_GUARDED_BY(mutex_);  // by connection
  bool stopped_ RUNNEL_GUARDED_BY(mutex_) = false;
};

// Lives as long as its call. gRPC runs the hooks of one operation one after the other, but the
// hooks of a send and of a receive may run at the same time.
class CallGuard::Interceptor : public grpc::experimental::Interceptor {
 public:
  Interceptor(std::shared_ptr<State> state, ServerRpcInfo* info)
      : state_(std::move(state)),
        info_(*info),
        is_ours_(info->method() != nullptr && absl::StartsWith(info->method(), "/runnel.")),
        receives_stream_(info->type() == ServerRpcInfo::Type::CLIENT_STREAMING ||
                         info->type() == ServerRpcInfo::Type::BIDI_STREAMING) {}
  ~Interceptor() override {
    if (begun_) state_->Remove(place_);
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (!begun_) {  // Only the first hook writes this, and nothing else runs at that time.
      begun_ = true;
      Begin();
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      BeginMessage(methods->GetSendMessage());
    } else if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      state_->BeginWait(place_, 0);
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_SEND_MESSAGE)) {
      claim_.reset();
      if (receives_stream_ && !received_all_) {
        state_->BeginWait(place_, 0);
      } else {
        state_->EndWait(place_);
      }
    }
    if (receives_stream_ &&
        methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      // At the end of the stream there is no message, and nothing more to wait for.
      if (methods->GetRecvMessage() != nullptr) {
        state_->BeginWait(place_, 0);
      } else {
        received_all_ = true;
        state_->EndWait(place_);
      }
    }
    methods->Proceed();
  }

 private:
  // Runs at the first hook, because a call that is not asynchronous has no grpc_call before that.
  void Begin() {
    grpc_call* const call = info_.server_context()->c_call();
    State::Added added = state_->Add(call, info_.server_context()->peer(),
                                     info_.type() == ServerRpcInfo::Type::BIDI_STREAMING);
    place_ = added.place;
    if (!added.status.ok()) {
      Cancel(call, GRPC_STATUS_RESOURCE_EXHAUSTED, std::string(added.status.message()));
    } else if (receives_stream_) {
      state_->BeginWait(place_, 0);
    }
  }
  void BeginMessage(const void* message) {
    const int64_t bytes = Bytes(message);
    auto claim = state_->ClaimResponse(bytes);
    if (claim.ok()) {
      claim_ = *std::move(claim);
      state_->BeginWait(place_, bytes / kMemoryPerByte);
    } else {
      Cancel(place_->call, GRPC_STATUS_RESOURCE_EXHAUSTED, std::string(claim.status().message()));
    }
  }
  // The memory that a message takes while it waits. The message is measured, not its serialized
  // form: once an interceptor asks for that form, gRPC no longer reports when the message was sent.
  int64_t Bytes(const void* message) const {
    // Only the types of our own services' messages are known: all come from protobuf.
    if (!is_ours_ || message == nullptr) return kOtherResponseBytes;
    const auto* response = static_cast<const google::protobuf::MessageLite*>(message);
    return static_cast<int64_t>(response->ByteSizeLong()) * kMemoryPerByte;
  }

  const std::shared_ptr<State> state_;
  ServerRpcInfo& info_;
  const bool is_ours_;
  const bool receives_stream_;
  std::atomic<bool> received_all_ = false;  // of the stream
  bool begun_ = false;
  State::Place place_;                          // once it has begun
  std::unique_ptr<MemoryBudget::Claim> claim_;  // of the message that is being sent
};

class CallGuard::Factory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(std::shared_ptr<State> state) : state_(std::move(state)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Interceptor(state_, info);  // gRPC deletes it
  }

 private:
  const std::shared_ptr<State> state_;
};

CallGuard::CallGuard(const Limits& limits)
    : limits_(limits), state_(std::make_shared<State>(limits)) {
  absl::StatusOr<std::thread> watcher = StartThread([state = state_] { state->Watch(); });
  start_status_ = watcher.status();
  if (watcher.ok()) watcher_ = *std::move(watcher);
}

CallGuard::~CallGuard() {
  state_->Stop();
  if (watcher_.joinable()) watcher_.join();
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
CallGuard::NewInterceptorFactory() {
  return std::make_unique<Factory>(state_);
}

int CallGuard::calls() const { return state_->calls(); }

int64_t CallGuard::response_bytes() const { return state_->response_bytes(); }

}  // namespace runnel::server
