#ifndef RUNNEL_CLIENT_OUTPUT_JSON_H_
#define RUNNEL_CLIENT_OUTPUT_JSON_H_

#include <google/protobuf/message.h>

#include "client/commands/command.h"

namespace runnel::client {

// Writes `message` in protobuf's JSON form, indented, with a final newline. Fields at their default
// are printed too, so that scripts need not tell "0" from "absent"; fields that are optional on the
// wire and absent are not. kFailed, told on stderr, if the message has no such form: a time beyond
// the year 9999.
ExitCode WriteJson(CommandContext& context, const google::protobuf::Message& message);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_JSON_H_
