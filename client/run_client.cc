#include "client/run_client.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/commands/benchmark_command.h"
#include "client/commands/field_flags.h"
#include "client/commands/generate_command.h"
#include "client/commands/health_command.h"
#include "client/commands/jobs_command.h"
#include "client/commands/models_command.h"
#include "client/commands/sample_command.h"
#include "client/commands/score_command.h"
#include "client/commands/train_command.h"
#include "client/output/terminal_text.h"

namespace runnel::client {
namespace {

constexpr char kDefaultServer[] = "127.0.0.1:50051";

constexpr char kExamples[] =
    "Examples:\n"
    "  runnel train shakespeare.txt --model shakespeare\n"
    "  runnel generate shakespeare --prompt 'ROMEO:' --temperature 0.8\n"
    "  runnel sample shakespeare --num-samples 3 --seed 7\n"
    "  runnel jobs watch ID\n"
    "  runnel --server models.example.org:50051 models\n";

constexpr char kServersHelp[] =
    "A server may be of another release: what it does not offer it refuses, naming the flag.\n";

void AddGlobalFlags(CLI::App& app, CommandLine& line) {
  line.server = kDefaultServer;
  app.add_option("--server", line.server, absl::StrCat("HOST:PORT; ", kDefaultServer, " if absent"))
      ->envname("RUNNEL_SERVER")
      ->type_name("HOST:PORT");
  app.add_option_function<std::string>(
         "--timeout",
         [&line](const std::string& text) {
           line.timeout_s = ParseNumber<double>("--timeout", text);
           if (!(*line.timeout_s >= 0))
             throw CLI::ValidationError("--timeout", "must not be negative");
         },
         "Time for the whole command; 0: no limit, also if absent (health: 5)")
      ->type_name("SECONDS");
  app.set_version_flag("--version", "runnel " RUNNEL_VERSION);
}

std::unique_ptr<CLI::App> MakeApp(CommandLine& line) {
  auto app = std::make_unique<CLI::App>(
      "Trains character-level language models on your text and lets them write, on a Runnel "
      "server.",
      "runnel");
  app->require_subcommand(1);
  app->fallthrough();  // inherited: --server and --timeout may stand behind the subcommand, too
  AddGlobalFlags(*app, line);
  AddTrainCommand(*app, line);
  AddGenerateCommand(*app, line);
  AddSampleCommand(*app, line);
  AddScoreCommand(*app, line);
  AddFillCommand(*app, line);
  AddModelsCommand(*app, line);
  AddJobsCommand(*app, line);
  AddHealthCommand(*app, line);
  AddBenchmarkCommand(*app, line);
  app->footer(absl::StrCat(kExamples, "\n", kServersHelp, "\n", kExitCodesHelp));
  return app;
}

// The subcommand to ask for help about, as far as it was understood: "runnel jobs watch".
std::string HelpCommand(const CLI::App& app) {
  std::string name = "runnel";
  const CLI::App* parsed = &app;
  while (!parsed->get_subcommands().empty()) {
    parsed = parsed->get_subcommands().back();
    absl::StrAppend(&name, " ", parsed->get_name());
  }
  return name + " --help";
}

std::string ParseErrorText(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  // First of all: what else is wrong may be because its value was taken for a file.
  const auto option = std::find_if(unknown.begin(), unknown.end(), [](const std::string& word) {
    return absl::StartsWith(word, "-");
  });
  if (option != unknown.end() && *option != "--") {  // behind which nothing is an option
    return absl::StrCat("unknown option \"", *option, "\"");
  }
  // CLI11 would say that a subcommand is required, even to someone who only mistyped one.
  if (!app.get_subcommands().empty() || unknown.empty()) return error.what();
  return absl::StrCat("unknown command \"", unknown.front(), "\"");
}

ExitCode TellParseError(const CLI::App& app, const CLI::ParseError& error,
                        Environment& environment) {
  if (error.get_exit_code() == 0) {  // --help and --version come as exceptions, too
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
  Connection connection(line.server, line.timeout_s.value_or(line.default_timeout_s),
                        environment.interrupt);
  CommandContext context{environment, out, connection, line.flag_names};
  const ExitCode code = line.run(context);
  if (!out.failed()) return code;
  if (out.reader_left()) return ExitCode::kOk;  // `| head` has what it wanted
  environment.err << "runnel: cannot write to standard output: " << out.error() << "\n";
  return ExitCode::kFailed;
}

}  // namespace

int RunClient(const std::vector<std::string>& args, Environment& environment) {
  CommandLine line;
  const std::unique_ptr<CLI::App> app = MakeApp(line);
  try {
    app->parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 reads from the back
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(TellParseError(*app, error, environment));
  }
  return static_cast<int>(RunCommand(line, environment));
}

}  // namespace runnel::client
