// Explains failures to people.
#ifndef RUNNEL_CLIENT_NET_ERROR_TEXT_H_
#define RUNNEL_CLIENT_NET_ERROR_TEXT_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace runnel::client {

// Maps the path of a request field to the flag that sets it: "sampling.temperature" to
// "--temperature".
using FlagNames = std::map<std::string, std::string>;

// Returns the text that a person reads on stderr about a failure: one line that starts with
// "runnel: ", then one line for each field violation that the message does not already contain. In
// a failed call's message (see FromServer), fields are named by their flag where the command has
// one; the client's own messages are shown as they are. The text is safe for terminals.
std::string ErrorText(const absl::Status& status, absl::string_view server,
                      const FlagNames& flag_names);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_ERROR_TEXT_H_
