#include "server/base/grpc_threads.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/base/thread.h"

namespace runnel::server {
namespace {

// gRPC also starts threads outside its executor: one for every two processors to wait for events,
// within these bounds, and a few more, for example for timers and reflection.
constexpr int kEventThreadsMin = 2;
constexpr int kEventThreadsMax = 16;
constexpr int kOtherThreads = 32;
// The executor starts another thread when one of its threads is given a third task, unless it is
// starting one already. So if no task ends, two tasks for each thread suffice to start them all;
// the other six allow for tasks that arrive while a thread is being started.
constexpr int kTasksPerThread = 8;
// From the answer of a call until its last task waits for the executor.
constexpr std::chrono::milliseconds kUntilQueued(10);

// The number of processors from which gRPC derives its numbers of threads.
int Processors() { return static_cast<int>(sysconf(_SC_NPROCESSORS_CONF)); }

// RESOURCE_EXHAUSTED if the system would refuse to start `count` more threads.
absl::Status CheckRoomForThreads(int count) {
  std::promise<void> over;
  const std::shared_future<void> is_over = over.get_future().share();
  std::vector<std::thread> threads;
  absl::Status status;
  while (status.ok() && static_cast<int>(threads.size()) < count) {
    absl::StatusOr<std::thread> thread = StartThread([is_over] { is_over.wait(); });
    status = thread.status();
    if (status.ok()) threads.push_back(*std::move(thread));
  }
  over.set_value();
  for (std::thread& thread : threads) thread.join();
  return status;
}

// Answers every call at once. The executor's thread that tells a reactor that its call is done then
// waits until Release.
class WaitingService : public grpc::CallbackGenericService {
 public:
  void Release() { released_.Notify(); }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(absl::Notification* released) : released_(released) {
      Finish(grpc::Status::OK);
    }
    void OnDone() override {
      released_->WaitForNotification();
      delete this;
    }

   private:
    absl::Notification* const released_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Reactor(&released_);
  }

  absl::Notification released_;
};

// One call, from its start until it is answered.
void Call(grpc::GenericStub* stub) {
  const grpc::Slice no_bytes;
  const grpc::ByteBuffer request(&no_bytes, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  absl::Notification answered;
  stub->UnaryCall(&context, "/runnel.Threads/Start", {}, &request, &response,
                  [&](const grpc::Status&) { answered.Notify(); });
  answered.WaitForNotification();
}

}  // namespace

int ExecutorThreadsMax() { return 2 * Processors(); }

absl::Status StartGrpcThreads() {
  const int event_threads = std::clamp(Processors() / 2, kEventThreadsMin, kEventThreadsMax);
  absl::Status room = CheckRoomForThreads(ExecutorThreadsMax() + event_threads + kOtherThreads);
  if (!room.ok()) return room;
  WaitingService service;
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return absl::InternalError("gRPC cannot start a server");
  grpc::GenericStub stub(server->InProcessChannel({}));
  for (int i = 0; i < kTasksPerThread * ExecutorThreadsMax(); ++i) Call(&stub);
  std::this_thread::sleep_for(kUntilQueued);
  service.Release();
  server->Shutdown();
  return absl::OkStatus();
}

}  // namespace runnel::server
