#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/commands/benchmark_command.h"
#include "client/commands/field_flags.h"
#include "client/commands/generate_command.h"
#include "client/commands/health_command.h"
#include "client/commands/jobs_command.h"
#include "client/commands/models_command.h"
#include "client/commands/sample_command.h"
#include "client/commands/score_command.h"
#include "client/commands/train_command.h"

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
    "A server of another release refuses what it does not offer, and names the flag.\n";

void AddGlobalFlags(CLI::App& app, CommandLine& line) {
  line.server = kDefaultServer;
  app.add_option("--server", line.server, absl::StrCat("HOST:PORT; ", kDefaultServer, " if absent"))
      ->check([](const std::string& server) { return server.empty() ? "must not be empty" : ""; })
      ->envname("RUNNEL_SERVER")
      ->type_name("HOST:PORT");
  app.add_option_function<std::string>(
         "--timeout",
         [&line](const std::string& text) {
           const auto seconds = ParseNumber<double>("--timeout", text);
           if (seconds < 0) throw CLI::ValidationError("--timeout", "must not be negative");
           line.timeout = seconds == 0 ? absl::InfiniteDuration() : absl::Seconds(seconds);
         },
         "Time limit for the whole command; 0: none, also if absent (health: 5)")
      ->type_name("SECONDS");
  app.set_version_flag("--version", "runnel " RUNNEL_VERSION);
}

// The names of all flags of `app` and its subcommands, "--stop", by whether they take a value.
struct FlagsByValue {
  std::set<std::string> with_value;
  std::set<std::string> without_value;
};

void CollectFlags(const CLI::App& app, FlagsByValue& flags) {
  for (const CLI::Option* option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    for (const std::string& name : option->get_lnames()) {
      (takes_value ? flags.with_value : flags.without_value).insert("--" + name);
    }
  }
  for (const CLI::App* subcommand : app.get_subcommands(/*filter=*/nullptr)) {
    CollectFlags(*subcommand, flags);
  }
}

// CLI11 takes "--flag=" for a flag whose value is the next argument. Returns `args` with each of
// these divided into "--flag" and an empty argument. Arguments that are values themselves, and
// those after "--", stay as they are.
std::vector<std::string> DivideEmptyValues(const CLI::App& app,
                                           const std::vector<std::string>& args) {
  FlagsByValue flags;
  CollectFlags(app, flags);
  std::vector<std::string> divided;
  auto arg = args.begin();
  for (; arg != args.end() && *arg != "--"; ++arg) {
    const std::string name(absl::StripSuffix(*arg, "="));
    if (flags.with_value.count(*arg) > 0) {
      divided.push_back(*arg);
      if (++arg == args.end()) break;
      divided.push_back(*arg);
    } else if (name != *arg && flags.with_value.count(name) > 0) {
      divided.insert(divided.end(), {name, ""});
    } else if (name != *arg && flags.without_value.count(name) > 0) {
      throw CLI::ValidationError(name, "takes no value");
    } else {
      divided.push_back(*arg);
    }
  }
  divided.insert(divided.end(), arg, args.end());
  return divided;
}

}  // namespace

std::unique_ptr<CLI::App> MakeApp(CommandLine& line) {
  auto app = std::make_unique<CLI::App>(
      "Trains character-level language models on your text and writes with them, on a Runnel "
      "server.",
      "runnel");
  app->require_subcommand(1);
  app->fallthrough();  // inherited: --server and --timeout may also follow the subcommand
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

void ParseArguments(CLI::App& app, const std::vector<std::string>& args) {
  std::vector<std::string> divided = DivideEmptyValues(app, args);
  std::reverse(divided.begin(), divided.end());  // CLI11 reads from the back
  app.parse(std::move(divided));
}

std::string ParseErrorText(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  // An unknown option comes first, because it may have caused the other mistake: its value was
  // taken for a positional argument.
  const auto option = std::find_if(unknown.begin(), unknown.end(), [](const std::string& word) {
    return absl::StartsWith(word, "-");
  });
  if (option != unknown.end() && *option != "--") {  // after which nothing is an option
    return absl::StrCat("unknown option \"", *option, "\"");
  }
  // For a mistyped subcommand, CLI11 would say that a subcommand is required.
  if (!app.get_subcommands().empty() || unknown.empty()) return error.what();
  return absl::StrCat("unknown command \"", unknown.front(), "\"");
}

}  // namespace runnel::client
