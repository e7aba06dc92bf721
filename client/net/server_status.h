// Failed calls as absl::Status, so that the client has one type for errors.
#ifndef RUNNEL_CLIENT_NET_SERVER_STATUS_H_
#define RUNNEL_CLIENT_NET_SERVER_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "private/google_rpc.pb.h"

namespace runnel::client {

// The outcome of a call, with the same code and message. A failure carries the call's details as a
// payload, which also marks it as the server's (or gRPC's), not the client's own.
absl::Status FromServer(const grpc::Status& status);

// Whether `status` was made by FromServer from a failed call.
bool IsFromServer(const absl::Status& status);

// The field violations in the details of a failed call. Details that are absent, damaged or of
// another type give none: they only add to a message that is complete without them.
google::rpc::BadRequest FieldViolations(const absl::Status& status);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_SERVER_STATUS_H_
