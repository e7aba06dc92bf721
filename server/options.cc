#include "server/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/command_line.h"
#include "core/base/enum_table.h"
#include "server/base/descriptors.h"
#include "server/base/listening_sockets.h"
#include "server/base/process_limits.h"

namespace runnel::server {
namespace {

constexpr int kThreadsMax = 1024;
constexpr int64_t kMessageBytesMax = int64_t{1} << 30;  // protobuf's own limit is 2 GiB
constexpr int kMaxCharsMax = 1'000'000'000;             // generated_chars is an int32
constexpr int kCountMax = 1'000'000;
constexpr int kSecondsMax = 24 * 3600;
constexpr int kJobSecondsMax = 366 * kSecondsMax;
constexpr int kUsageError = 2;

// Gives an option what every option has: its name in the environment (RUNNEL_DATA_DIR for
// --data-dir), and that the last of several values counts.
CLI::Option* Complete(CLI::Option* option, const std::string& name) {
  const std::string env =
      absl::StrCat("RUNNEL_", absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}})));
  return option->envname(env)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

template <typename T>
CLI::Option* AddOption(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  return Complete(app.add_option("--" + name, value, help), name)->capture_default_str();
}

template <typename T>
void AddNumber(CLI::App& app, const std::string& name, T& value, T min, T max,
               const std::string& help) {
  // Returns an empty text for a number in the range, else what is wrong.
  const auto check = [min, max](const std::string& text) -> std::string {
    int64_t number = 0;
    if (absl::SimpleAtoi(text, &number) && number >= min && number <= max) return "";
    return absl::StrCat("\"", text, "\" is not a whole number from ", min, " to ", max);
  };
  AddOption(app, name, value, help)->check(check, absl::StrCat(min, " to ", max));
}

// Returns an empty text for a valid address, else what is wrong with it.
std::string CheckListen(const std::string& listen) {
  const auto address = ParseListenAddress(listen);
  return address.ok() ? "" : std::string(address.status().message());
}

// Returns an empty text for a usable path, else what is wrong with it. A path that looks like a
// flag is nearly always the next flag, after a flag whose value is missing.
std::string CheckPath(const std::string& path) {
  if (!absl::StartsWith(path, "--")) return "";
  return absl::StrCat("\"", path,
                      "\" looks like a flag; is the value missing? If it is a path, "
                      "begin it with \"./\"");
}

std::string CheckNotEmpty(const std::string& value) {
  return value.empty() ? "the value is empty" : "";
}

// Adds an option whose values are those of the table `all`.
template <typename Choice, size_t kCount>
void AddChoice(CLI::App& app, const std::string& name, Choice& value,
               const EnumTable<Choice, kCount>& all, const std::string& help) {
  // Returns an empty text if `text` names one of them, else what is wrong with it.
  const auto check = [&all](const std::string& text) -> std::string {
    if (all.Find(text)) return "";
    const auto append_name = [&all](std::string* out, Choice choice) {
      absl::StrAppend(out, all.NameOf(choice));
    };
    return absl::StrCat("\"", text, "\" is none of ", absl::StrJoin(all, ", ", append_name));
  };
  const auto set = [&value, &all](const std::string& text) {
    value = *all.Find(text);  // checked
  };
  Complete(app.add_option_function<std::string>("--" + name, set, help), name)
      ->check(check)
      ->default_str(std::string(all.NameOf(value)));
}

void AddOptions(CLI::App& app, ServerOptions& options) {
  AddOption(app, "listen", options.listen,
            "HOST:PORT or unix:PATH to serve on; port 0 picks a free one")
      ->check(CheckListen);
  AddOption(app, "data-dir", options.data_dir, "folder of the models and uploaded corpora")
      ->check(CheckNotEmpty)
      ->check(CheckPath);
  AddOption(app, "corpus-dir", options.corpus_dir,
            "folder whose files a corpus_path may name; empty: none")
      ->check(CheckPath);
  AddNumber(app, "threads", options.threads, 1, kThreadsMax, "threads that train");
  AddNumber(app, "generation-threads", options.generation_threads, 1, kThreadsMax,
            "threads that write texts");
  AddChoice(app, "decode-precision", options.decode_precision, kDecodePrecisions,
            "number format in which one-directional models write and score: f32, bf16 or int8");
  AddChoice(app, "instruction-set", options.instruction_set, kInstructionSets,
            "best instructions that the arithmetic may use: best (all that the processor has), "
            "avx512, avx2 or portable");
  AddNumber<int64_t>(app, "max-message-bytes", options.max_message_bytes, 1 << 10, kMessageBytesMax,
                     "size of the largest message taken; by default less than 64 MiB where the "
                     "process may use less than 4 GiB of memory");
  AddNumber(app, "max-chars", options.max_chars, 1, kMaxCharsMax, "the largest stop.max_chars");
  AddNumber(app, "max-queued-jobs", options.max_queued_jobs, 0, kCountMax,
            "training jobs that may wait for their turn");
  AddNumber(app, "max-job-seconds", options.max_job_seconds, 0, kJobSecondsMax,
            "seconds that one job may train before it publishes and ends; 0: no limit");
  AddNumber(app, "max-streams", options.max_streams, 1, kCountMax,
            "texts that may be written at a time");
  AddNumber<int64_t>(app, "max-upload-bytes", options.max_upload_bytes, 1,
                     std::numeric_limits<int64_t>::max() / 2, "size of the largest corpus upload");
  AddNumber<int64_t>(app, "max-model-bytes", options.max_model_bytes, 1,
                     std::numeric_limits<int64_t>::max() / 2,
                     "size of the largest model file imported");
  AddNumber<int64_t>(app, "max-corpora-bytes", options.max_corpora_bytes, 1,
                     std::numeric_limits<int64_t>::max() / 2,
                     "size of all uploaded corpora together; the oldest make room for new ones");
  AddNumber(app, "stalled-stream-seconds", options.stalled_stream_seconds, 1, kSecondsMax,
            "seconds after which a call is ended if its client takes and sends nothing");
  AddNumber(app, "max-streams-per-connection", options.max_streams_per_connection, 0, kCountMax,
            "calls that one connection may have under way; 0: as many as the whole server");
  AddNumber(app, "drain-seconds", options.drain_seconds, 0, kSecondsMax,
            "seconds that running streams have to finish at shutdown");
  AddNumber(app, "max-connections", options.max_connections, 0, kCountMax,
            "connections at a time; 0: as many as the limit of file descriptors allows, at most " +
                std::to_string(kConnectionsDefaultMax));
  AddNumber(app, "keepalive-seconds", options.keepalive_seconds, 1, kSecondsMax,
            "seconds of silence after which the server pings a client");
  AddNumber(app, "keepalive-timeout-seconds", options.keepalive_timeout_seconds, 1, kSecondsMax,
            "seconds that a client has to answer a ping before it is disconnected");
  AddNumber(app, "max-connection-idle-seconds", options.max_connection_idle_seconds, 0, kSecondsMax,
            "seconds after which a connection without calls is closed; 0: never");
  AddNumber(app, "max-connection-age-seconds", options.max_connection_age_seconds, 0, kSecondsMax,
            "seconds after which a client is asked to connect again; 0: never");
}

// The text of an error. It names the variable if only the environment gave the value.
std::string ErrorText(const CLI::App& app, int argc, const char* const* argv,
                      absl::string_view text) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    const bool is_flag = std::any_of(argv + 1, argv + argc, [&name](absl::string_view argument) {
      return argument == name || absl::StartsWith(argument, name + "=");
    });
    const bool in_environment =
        !option->get_envname().empty() && std::getenv(option->get_envname().c_str()) != nullptr;
    if (in_environment && !is_flag && absl::ConsumePrefix(&text, name + ":")) {
      return absl::StrCat("runnel-server: ", option->get_envname(), ":", text);
    }
  }
  return absl::StrCat("runnel-server: ", text);
}

// The arguments as CLI11 takes them, the last one first. Those from the environment come before all
// others, so that flags overrule them. (CLI11 itself would let a config file overrule the
// environment.)
std::vector<std::string> ReversedArguments(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (const CLI::Option* option : app.get_options()) {
    const char* value =
        option->get_envname().empty() ? nullptr : std::getenv(option->get_envname().c_str());
    if (value == nullptr) continue;
    // As two arguments, because CLI11 takes the next one as the value of a flag that ends in "=".
    arguments.insert(arguments.end(), {option->get_name(), value});
  }
  AppendArguments(argc, argv, &arguments);
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

}  // namespace

const char* Version() { return RUNNEL_VERSION; }

int HardwareThreads() { return UsableProcessors(); }

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions parsed;
  CLI::App app("Trains character-level recurrent language models and serves them over gRPC.",
               "runnel-server");
  app.set_version_flag("--version", "runnel-server " RUNNEL_VERSION);
  app.set_config("--config", "", "file with flags as lines of name = value (INI or TOML)")
      ->envname("RUNNEL_CONFIG")
      ->check(CheckNotEmpty)
      ->check(CheckPath);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.footer(
      "Every flag can be set in the environment, too: --data-dir is RUNNEL_DATA_DIR. Flags come "
      "first,\nthen the environment, then the config file. An empty variable counts as an empty "
      "value,\nwhich only --corpus-dir takes.");
  AddOptions(app, parsed.options);
  app.failure_message([&](const CLI::App* failed, const CLI::Error& error) {
    return ErrorText(app, argc, argv, CLI::FailureMessage::simple(failed, error));
  });
  try {  // CLI11 reports by exceptions; they end here
    app.parse(ReversedArguments(app, argc, argv));
    parsed.run = true;
  } catch (const CLI::ParseError& error) {
    const bool wrong = app.exit(error, std::cout, std::cerr) != 0;
    parsed.exit_code = wrong ? kUsageError : 0;
  }
  return parsed;
}

}  // namespace runnel::server
