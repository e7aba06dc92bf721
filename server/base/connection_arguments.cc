#include "server/base/connection_arguments.h"

#include <grpc/grpc.h>

namespace runnel::server {
namespace {

constexpr int kMsPerSecond = 1000;
// The time that calls have to end on a connection that has reached its maximum age.
constexpr int kAgeGraceMs = 3600 * kMsPerSecond;

}  // namespace

std::vector<std::pair<std::string, int>> ConnectionArguments(const ConnectionTimes& times) {
  std::vector<std::pair<std::string, int>> arguments = {
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, times.handshake_ms},
      // A peer that vanished is noticed after the sum of both, also without a call.
      {GRPC_ARG_KEEPALIVE_TIME_MS, times.keepalive_seconds * kMsPerSecond},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, times.keepalive_timeout_seconds * kMsPerSecond},
      {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
      {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},  // no limit for the server's own pings
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, times.client_pings_ms},
  };
  if (times.idle_seconds_max > 0) {
    arguments.emplace_back(GRPC_ARG_MAX_CONNECTION_IDLE_MS, times.idle_seconds_max * kMsPerSecond);
  }
  if (times.age_seconds_max > 0) {
    arguments.emplace_back(GRPC_ARG_MAX_CONNECTION_AGE_MS, times.age_seconds_max * kMsPerSecond);
    arguments.emplace_back(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGraceMs);
  }
  return arguments;
}

}  // namespace runnel::server
