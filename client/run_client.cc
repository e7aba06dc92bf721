#include "client/run_client.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/command_line.h"
#include "client/output/terminal_text.h"

namespace runnel::client {
namespace {

// Returns the command that shows help about the subcommand, as far as that was recognized: "runnel
// jobs watch --help".
std::string HelpCommand(const CLI::App& app) {
  std::string name = "runnel";
  const CLI::App* parsed = &app;
  while (!parsed->get_subcommands().empty()) {
    parsed = parsed->get_subcommands().back();
    absl::StrAppend(&name, " ", parsed->get_name());
  }
  return name + " --help";
}

ExitCode TellParseError(const CLI::App& app, const CLI::ParseError& error,
                        Environment& environment) {
  if (error.get_exit_code() == 0) {  // --help and --version are exceptions, too
    app.exit(error, environment.out, environment.err);
    environment.out.flush();
    return ExitCode::kOk;
  }
  environment.err << "runnel: " << EscapeControls(ParseErrorText(app, error)) << "\nSee "
                  << HelpCommand(app) << "\n";
  return ExitCode::kUsage;
}

ExitCode RunCommand(const CommandLine& line, Environment& environment) {
  Output out(environment.out, environment.out_is_terminal);
  Connection connection(line.server, line.timeout.value_or(line.default_timeout),
                        environment.interrupt);
  CommandContext context{environment, out, connection, line.flag_names};
  const ExitCode code = line.run(context);
  if (!out.failed()) return code;
  if (out.reader_left()) return ExitCode::kOk;  // `| head` has read what it wanted
  environment.err << "runnel: cannot write to standard output: " << out.error() << "\n";
  return ExitCode::kFailed;
}

}  // namespace

int RunClient(const std::vector<std::string>& args, Environment& environment) {
  CommandLine line;
  const std::unique_ptr<CLI::App> app = MakeApp(line);
  try {
    ParseArguments(*app, args);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(TellParseError(*app, error, environment));
  }
  return static_cast<int>(RunCommand(line, environment));
}

}  // namespace runnel::client
