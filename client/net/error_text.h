#ifndef RUNNEL_CLIENT_NET_ERROR_TEXT_H_
#define RUNNEL_CLIENT_NET_ERROR_TEXT_H_

#include <grpcpp/support/status.h>

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Request field path -> the flag that sets it, such as "sampling.temperature" -> "--temperature".
using FlagNames = std::map<std::string, std::string>;

// What a person reads on stderr about a failed call: one line that starts with "runnel: ", then one
// a field violation that the message does not already tell. Fields are named by their flag where
// the command has one. Safe for terminals.
std::string ErrorText(const grpc::Status& status, absl::string_view server,
                      const FlagNames& flag_names);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_ERROR_TEXT_H_
