// Messages in protobuf's JSON form.
#ifndef RUNNEL_CLIENT_OUTPUT_JSON_H_
#define RUNNEL_CLIENT_OUTPUT_JSON_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/statusor.h"

namespace runnel::client {

// Returns `message` in protobuf's JSON form, indented, with a final newline. Fields at their
// default are included, so that scripts need not tell "0" from "absent"; optional fields that are
// absent are left out. INTERNAL if the message has no such form, for example a time after the year
// 9999.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_JSON_H_
