#ifndef RUNNEL_CLIENT_NET_BAD_REQUEST_H_
#define RUNNEL_CLIENT_NET_BAD_REQUEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace runnel::client {

struct FieldViolation {
  std::string field;  // path, such as "sampling.temperature"
  std::string description;
};

// The violations in a status's details: a serialized google.rpc.Status whose `details` hold
// google.rpc.BadRequest. Details that are absent, of another kind or damaged give none: they only
// ever add to a message that stands without them.
//
// Read by hand because Debian ships no generated code for google.rpc, and a second generated copy
// in a program that also links the server's would clash in protobuf's descriptor pool.
std::vector<FieldViolation> DecodeFieldViolations(absl::string_view details);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_BAD_REQUEST_H_
