// What a subcommand hands to RunClient: a function to run, and its flags by request field.
#ifndef RUNNEL_CLIENT_COMMANDS_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_COMMAND_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "client/commands/text_inputs.h"
#include "client/net/environment.h"
#include "client/output/json.h"

namespace runnel::client {

using Command = std::function<ExitCode(CommandContext&)>;

// The command line after parsing. The callback of the subcommand fills in the last three members.
struct CommandLine {
  std::string server;
  std::optional<absl::Duration> timeout;
  absl::Duration default_timeout = absl::InfiniteDuration();
  Command run;
  FlagNames flag_names;
};

// What the flags of a subcommand fill in. Each subcommand adds its request and its own flags.
struct CommandState {
  FlagNames flag_names;
  TextInputs texts;
};

// Returns the callback of a subcommand: it makes `line` run `run` with `state` once the texts that
// files hold have been read. The callback throws CLI::ParseError for texts that cannot be given
// together.
template <typename State>
std::function<void()> RunWith(CommandLine& line, std::shared_ptr<State> state,
                              ExitCode (*run)(CommandContext&, State&)) {
  return [&line, state, run] {
    state->texts.Check(state->flag_names);
    line.flag_names = state->flag_names;
    line.run = [state, run](CommandContext& context) {
      const absl::Status read = state->texts.Read(context.environment);
      return read.ok() ? run(context, *state) : Fail(context, read);
    };
  };
}

// Prints `message` as JSON.
inline ExitCode WriteJson(CommandContext& context, const google::protobuf::Message& message) {
  const absl::StatusOr<std::string> json = ToJson(message);
  if (!json.ok()) return Fail(context, json.status());
  context.out.Write(*json);
  return ExitCode::kOk;
}

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_COMMAND_H_
