// How the server says that something is wrong, and the one place that turns it into a gRPC status.
//
// Inside the server every error is an absl::Status. An INVALID_ARGUMENT that names fields carries a
// google.rpc.BadRequest as its payload, with one violation for each field; its message reads
// "<field>: <description>", several joined by "; ". A call converts its status once, when it
// finishes.
//
// gRPC sends a status in HTTP/2 trailers, which hold 8 KB in all, so messages and violations are
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

// Returns INVALID_ARGUMENT with the violations, or OK if there are none.
absl::Status ToStatus(const Violations& violations);

// Returns INVALID_ARGUMENT for one field. If `field` is empty, the request itself is at fault, and
// the message is only the description.
absl::Status InvalidField(absl::string_view field, absl::string_view description);

// Says that an error is about `field`. An INVALID_ARGUMENT becomes that field's violation, unless
// it names fields already; any other error stays as it is.
absl::Status AtField(absl::string_view field, const absl::Status& status);

// Puts "<field>: " before the message and keeps the code. For errors other than INVALID_ARGUMENT
// whose message does not say which field they concern.
absl::Status WithField(absl::string_view field, const absl::Status& status);

// The conversion for the end of a call.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Adds a violation saying that an enum's field has a value without a name.
void AddUnknownEnum(absl::string_view field, int value, Violations* violations);

// Prepares a text from a request for a message that quotes it: in double quotes, escaped, and cut
// to about 200 bytes.
std::string Quoted(absl::string_view text);

// Returns at most `bytes_max` bytes of valid UTF-8, cut between characters. Invalid bytes become
// '?'.
std::string SafeText(absl::string_view text, size_t bytes_max);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_ERROR_MAPPING_H_
