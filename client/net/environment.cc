#include "client/net/environment.h"

#include "client/output/terminal_text.h"

namespace runnel::client {

ExitCode Fail(CommandContext& context, const absl::Status& status) {
  if (context.environment.interrupt.triggered()) return ExitCode::kInterrupted;
  context.environment.err << ErrorText(status, context.connection.server(), context.flag_names);
  return ExitCodeOf(status);
}

void TellOfByteOrderMark(Environment& environment, const std::string& name) {
  environment.err << "runnel: left out the byte order mark at the start of " << EscapeLine(name)
                  << "\n";
}

}  // namespace runnel::client
