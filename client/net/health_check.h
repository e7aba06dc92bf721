// The standard health check of gRPC.
#ifndef RUNNEL_CLIENT_NET_HEALTH_CHECK_H_
#define RUNNEL_CLIENT_NET_HEALTH_CHECK_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/net/connection.h"
#include "private/health.pb.h"

namespace runnel::client {

using HealthStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

// Calls grpc.health.v1.Health/Check for `service`, or for the whole server if it is empty. Errors
// are those of FromServer.
absl::StatusOr<HealthStatus> CheckHealth(Connection& connection, const std::string& service);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_HEALTH_CHECK_H_
