// The one place that turns what is wrong into what a client sees: a gRPC status, for
// INVALID_ARGUMENT with google.rpc.BadRequest in its details, one violation a field. Messages read
// "<field>: <description>", several joined by "; ".
//
// A status travels in HTTP/2 trailers, of which gRPC takes 8 KB in all: messages and violations are
// cut to fit.
#ifndef RUNNEL_SERVER_WIRE_ERROR_MAPPING_H_
#define RUNNEL_SERVER_WIRE_ERROR_MAPPING_H_

#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/violations.h"

namespace runnel::server {

// What a request is refused for: INVALID_ARGUMENT, or OK if there is nothing.
grpc::Status ToGrpcStatus(const Violations& problems);

// INVALID_ARGUMENT for one field; an empty one is the request itself, and no "<field>: " leads.
grpc::Status InvalidField(absl::string_view field, absl::string_view description);

// The same code and message. For INVALID_ARGUMENT the message is the description of what is wrong
// with `field`.
grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view field);
grpc::Status ToGrpcStatus(const absl::Status& status);

// Adds that an enum's field has a value without a name.
void AddUnknownEnum(absl::string_view field, int value, Violations* problems);

// The same code; "<field>: " before the message.
absl::Status WithField(absl::string_view field, const absl::Status& status);

// A text from a request, for a message that quotes it: "in quotes", escaped, some 200 bytes at
// most.
std::string Quoted(absl::string_view text);

// At most `bytes_max` bytes of valid UTF-8, cut between characters; invalid bytes become '?'.
std::string SafeText(absl::string_view text, size_t bytes_max);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_ERROR_MAPPING_H_
