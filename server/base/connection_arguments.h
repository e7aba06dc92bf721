// How gRPC treats connections: time limits, and the pings of both sides.
#ifndef RUNNEL_SERVER_BASE_CONNECTION_ARGUMENTS_H_
#define RUNNEL_SERVER_BASE_CONNECTION_ARGUMENTS_H_

#include <string>
#include <utility>
#include <vector>

#include "server/options.h"

namespace runnel::server {

// Arguments of gRPC's server, by name.
std::vector<std::pair<std::string, int>> ConnectionArguments(const ServerOptions& options);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_CONNECTION_ARGUMENTS_H_
