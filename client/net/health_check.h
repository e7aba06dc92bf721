#ifndef RUNNEL_CLIENT_NET_HEALTH_CHECK_H_
#define RUNNEL_CLIENT_NET_HEALTH_CHECK_H_

#include <grpcpp/support/status.h>

#include <string>

#include "client/net/connection.h"

namespace runnel::client {

enum class ServingStatus { kUnknown = 0, kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

// The standard health check, grpc.health.v1.Health/Check, of `service`; empty: of the whole server.
// The messages have one field each and are coded by hand, since Debian ships no generated code for
// them.
grpc::Status CheckHealth(Connection& connection, const std::string& service,
                         ServingStatus* serving);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_HEALTH_CHECK_H_
