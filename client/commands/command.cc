#include "client/commands/command.h"

#include "client/output/terminal_text.h"

namespace runnel::client {

ExitCode Fail(CommandContext& context, const grpc::Status& status) {
  if (context.environment.interrupt.triggered()) return ExitCode::kInterrupted;
  context.environment.err << ErrorText(status, context.connection.server(), context.flag_names);
  return ExitCodeOf(status);
}

ExitCode FailUsage(CommandContext& context, const std::string& message) {
  context.environment.err << "runnel: " << EscapeLine(message) << "\n";
  return ExitCode::kUsage;
}

ExitCode FailUsage(CommandContext& context, const absl::Status& status) {
  return FailUsage(context, std::string(status.message()));
}

}  // namespace runnel::client
