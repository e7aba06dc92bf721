#ifndef RUNNEL_CLIENT_COMMANDS_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_COMMAND_H_

#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "client/net/connection.h"
#include "client/net/error_text.h"
#include "client/net/interrupt.h"
#include "client/output/exit_code.h"
#include "client/output/output.h"

namespace runnel::client {

// What the process around a command gives it; tests give their own.
struct Environment {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal;
  std::function<int()> columns;   // the terminal's width at the moment
  std::function<double()> now_s;  // a monotonic clock
  Interrupt& interrupt;
};

// What a command works with while it runs.
struct CommandContext {
  Environment& environment;
  Output& out;
  Connection& connection;
  const FlagNames& flag_names;  // of the command that runs

  template <typename Service>
  std::unique_ptr<typename Service::Stub> NewStub() const {
    return Service::NewStub(connection.channel());
  }
};

using Command = std::function<ExitCode(CommandContext&)>;

// The command line as parsed: a subcommand's callback fills it in, RunClient runs it.
struct CommandLine {
  std::string server;
  absl::optional<double> timeout_s;
  double default_timeout_s = 0;  // 0: none
  Command run;
  FlagNames flag_names;
};

// Tells of a failed call on stderr and gives its exit code; silent about what the user interrupted.
ExitCode Fail(CommandContext& context, const grpc::Status& status);

// Tells of a mistake in what the user gave, on stderr.
ExitCode FailUsage(CommandContext& context, const std::string& message);
ExitCode FailUsage(CommandContext& context, const absl::Status& status);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_COMMAND_H_
