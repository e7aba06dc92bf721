// How gRPC treats connections: time limits, and the pings of both sides.
#ifndef RUNNEL_SERVER_BASE_CONNECTION_ARGUMENTS_H_
#define RUNNEL_SERVER_BASE_CONNECTION_ARGUMENTS_H_

#include <string>
#include <utility>
#include <vector>

namespace runnel::server {

struct ConnectionTimes {
  int keepalive_seconds = 0;          // silence after which the server pings a client
  int keepalive_timeout_seconds = 0;  // how long a client may take to answer that ping
  int idle_seconds_max = 0;           // how long a connection may be without calls; 0: forever
  int age_seconds_max = 0;            // after which a client is asked to reconnect; 0: never
  // A connection whose peer has not begun HTTP/2 by then is closed.
  int handshake_ms = 10'000;
  // The shortest interval at which clients may ping, also while they have no call or a silent one.
  // It is below ten seconds, so that a client with a timer of ten seconds is never punished.
  int client_pings_ms = 9'000;
};

// Arguments of gRPC's server, by name.
std::vector<std::pair<std::string, int>> ConnectionArguments(const ConnectionTimes& times);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_CONNECTION_ARGUMENTS_H_
