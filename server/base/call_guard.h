// Bounds what every call may hold, whatever its method, so that no peer can occupy the server by
// doing nothing:
//
// - A connection, and all connections together, have a limited number of calls under way. HTTP/2's
//   own limit (MAX_CONCURRENT_STREAMS) only binds peers that acknowledge the server's settings.
// - Reflection has a limited number of streams under way, because each of them holds a thread. One
//   connection gets at most half of them.
// - A message that waits for its reader claims memory from a budget until gRPC has sent it.
// - A call ends if, for a number of seconds, its peer takes none of a waiting message, or sends
//   nothing on a stream that the peer has not ended.
//
// A call that exceeds a bound is cancelled with RESOURCE_EXHAUSTED, and a call that stalls with
// DEADLINE_EXCEEDED. Its reactor only sees that the call was cancelled. The guard is an
// interceptor, so it covers the calls of all services, health checks and reflection included.
// Thread-safe.
//
// The guard does not see a unary or server-streaming call before its request has come whole,
// because gRPC reads that first. The server's resource quota and its limit of streams bound
// these (server.cc).
#ifndef RUNNEL_SERVER_BASE_CALL_GUARD_H_
#define RUNNEL_SERVER_BASE_CALL_GUARD_H_

#include <grpcpp/support/server_interceptor.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "server/base/memory_budget.h"

namespace runnel::server {

class CallGuard {
 public:
  struct Limits {
    int calls_max = 0;                 // under way in the whole server
    int calls_per_connection_max = 0;  // under way on one connection
    int64_t response_bytes_max = 0;    // of messages that wait for their readers
    std::chrono::milliseconds stall;   // without progress, after which a call ends
  };

  // What a waiting message of another service (health, reflection) claims: its size is not known.
  static constexpr int64_t kOtherResponseBytes = 16 << 10;

  explicit CallGuard(const Limits& limits);
  // Calls may still be under way; none is cancelled from now on.
  ~CallGuard();
  CallGuard(const CallGuard&) = delete;
  CallGuard& operator=(const CallGuard&) = delete;

  // RESOURCE_EXHAUSTED if the system refused to start the thread that looks for stalled calls.
  const absl::Status& start_status() const { return start_status_; }

  // For the builder of the server whose calls are guarded.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> NewInterceptorFactory();

  const Limits& limits() const { return limits_; }
  int calls() const;
  int64_t response_bytes() const;

 private:
  class State;
  class Interceptor;
  class Factory;

  const Limits limits_;
  const std::shared_ptr<State> state_;  // gRPC may keep an ended call a little longer
  absl::Status start_status_;
  std::thread watcher_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_CALL_GUARD_H_
