// The process around a command, and what a command works with while it runs. Not thread-safe,
// except for the interrupt.
#ifndef RUNNEL_CLIENT_NET_ENVIRONMENT_H_
#define RUNNEL_CLIENT_NET_ENVIRONMENT_H_

#include <chrono>
#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "client/net/connection.h"
#include "client/net/error_text.h"
#include "client/net/interrupt.h"
#include "client/output/exit_code.h"
#include "client/output/output.h"

namespace runnel::client {

// What the process gives to a command. Tests give their own streams, clock and terminal.
struct Environment {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal;
  std::function<int()> columns;  // the width of the terminal now
  std::function<std::chrono::steady_clock::time_point()> now;
  Interrupt& interrupt;
};

// What a command works with while it runs.
struct CommandContext {
  Environment& environment;
  Output& out;
  Connection& connection;
  const FlagNames& flag_names;  // of the command that runs
};

// Reports a failure on stderr and returns its exit code. `status` is either a failed call's, made
// by FromServer, or the client's own, whose message is for people. After an interrupt nothing is
// reported, because the user knows why the call ended.
ExitCode Fail(CommandContext& context, const absl::Status& status);

// Says on stderr that the byte order mark at the start of the text `name` was left out.
void TellOfByteOrderMark(Environment& environment, const std::string& name);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_ENVIRONMENT_H_
