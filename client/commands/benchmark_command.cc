#include "client/commands/benchmark_command.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/commands/benchmark_stream.h"
#include "client/commands/sampling_flags.h"
#include "client/net/server_status.h"
#include "client/output/table.h"

namespace runnel::client {
namespace {

constexpr int kStreamsMax = 10'000;
constexpr int kRoundsMax = 10'000;
constexpr double kCharsPerSecondMax = 1e9;
constexpr int64_t kStreamsInAllMax = 1'000'000;  // because their times are kept in memory

struct BenchmarkCommand : CommandState {
  v1::GenerateCharsRequest request;
  int streams = 1;
  int rounds = 1;
  double chars_per_second = 0;  // of each stream; 0: as fast as they arrive
};

// Returns the value that this share of the values does not exceed, or 0 if there are none.
double Quantile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<size_t>(share * last + 0.5)];
}

std::string Quantiles(std::vector<float> values_ms) {
  std::sort(values_ms.begin(), values_ms.end());
  constexpr double kMedian = 0.5;
  constexpr double kHigh = 0.99;
  return absl::StrFormat("p50 %.2f ms, p99 %.2f ms", Quantile(values_ms, kMedian),
                         Quantile(values_ms, kHigh));
}

// The sums over all streams of all rounds.
struct Totals {
  double seconds = 0;
  int64_t streams = 0;
  int64_t chars = 0;
  int64_t messages = 0;
  std::vector<float> first_char_ms;
  std::vector<float> message_gaps_ms;
  std::vector<float> char_gaps_ms;  // the average in each message

  void Add(const BenchmarkStream::Measured& stream) {
    ++streams;
    chars += stream.chars;
    messages += stream.messages;
    if (stream.chars > 0) first_char_ms.push_back(static_cast<float>(stream.first_char_ms));
    for (const BenchmarkStream::Gap& gap : stream.gaps) {
      message_gaps_ms.push_back(gap.ms);
      char_gaps_ms.push_back(gap.ms / gap.chars);
    }
  }
};

std::string Report(const Totals& totals) {
  const auto chars = static_cast<double>(totals.chars);
  const double rate = totals.seconds > 0 ? chars / totals.seconds : 0;
  const double per_message = totals.messages > 0 ? chars / static_cast<double>(totals.messages) : 0;
  return FormatFields(
      {{"streams", absl::StrFormat("%d", totals.streams)},
       {"characters", absl::StrFormat("%d in %.2f s", totals.chars, totals.seconds)},
       {"throughput", absl::StrFormat("%.0f characters/s", rate)},
       {"per message", absl::StrFormat("%.1f characters", per_message)},
       {"first character", Quantiles(totals.first_char_ms)},
       {"between messages", Quantiles(totals.message_gaps_ms)},
       {"between characters", Quantiles(totals.char_gaps_ms)}});
}

// Runs one stream for each request, all at the same time, until all have ended, and adds them to
// `totals`. Returns the first failure.
absl::Status RunStreams(CommandContext& context, v1::TextGenerationService::Stub& stub,
                        std::vector<v1::GenerateCharsRequest> requests, double chars_per_second,
                        Totals& totals) {
  StreamsLeft left(static_cast<int>(requests.size()));
  std::vector<std::unique_ptr<BenchmarkStream>> streams;
  streams.reserve(requests.size());
  for (v1::GenerateCharsRequest& request : requests) {
    streams.push_back(std::make_unique<BenchmarkStream>(context.connection, std::move(request),
                                                        chars_per_second, left));
  }
  const auto start = context.environment.now();
  for (const auto& stream : streams) stream->Start(stub);
  left.WaitForNone();
  totals.seconds += std::chrono::duration<double>(context.environment.now() - start).count();
  for (const auto& stream : streams) {
    const BenchmarkStream::Measured measured = stream->measured();
    if (!measured.status.ok()) return FromServer(measured.status);
    totals.Add(measured);
  }
  return absl::OkStatus();
}

// Asks for one character, so that the client is connected and the server has loaded the model.
absl::Status WarmUp(CommandContext& context, v1::TextGenerationService::Stub& stub,
                    v1::GenerateCharsRequest request) {
  request.mutable_stop()->set_max_chars(1);
  Totals unused;
  return RunStreams(context, stub, {std::move(request)}, 0, unused);
}

ExitCode RunBenchmark(CommandContext& context, BenchmarkCommand& command) {
  v1::TextGenerationService::Stub stub(context.connection.channel());
  absl::Status status = WarmUp(context, stub, command.request);
  Totals totals;
  uint64_t seed = command.request.sampling().seed();
  for (int round = 0; round < command.rounds && status.ok(); ++round) {
    std::vector<v1::GenerateCharsRequest> requests(command.streams, command.request);
    for (v1::GenerateCharsRequest& request : requests) {
      request.mutable_sampling()->set_seed(seed++);
    }
    status = RunStreams(context, stub, std::move(requests), command.chars_per_second, totals);
  }
  if (!status.ok()) return Fail(context, status);
  context.out.Write(Report(totals));
  return ExitCode::kOk;
}

}  // namespace

void AddBenchmarkCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<BenchmarkCommand>();
  CLI::App* benchmark = app.add_subcommand(
      "benchmark", "Measure how fast a server writes many texts at the same time");
  AddSamplingFlags(*benchmark, &command->request, *command);
  AddFieldFlags(
      *benchmark,
      {{"--max-chars-per-message", "max_chars_per_message",
        "1: a message for every character; if absent, messages grow when the reader is slow"}},
      &command->request, &command->flag_names);
  AddNumberFlag(*benchmark, "--streams", "Streams at the same time, with increasing seeds",
                {1, kStreamsMax}, command->streams);
  AddNumberFlag(*benchmark, "--rounds", "How many times all streams run", {1, kRoundsMax},
                command->rounds);
  AddNumberFlag(*benchmark, "--chars-per-second",
                "Rate at which each stream is read; 0: as fast as characters arrive",
                {0, kCharsPerSecondMax}, command->chars_per_second);
  benchmark->footer(
      "This client measures times on an open connection: from the start of a stream to its first\n"
      "character, and from one message to the next, in total and divided by its characters.\n\n"
      "Examples:\n"
      "  runnel benchmark shakespeare --streams 256 --max-chars 4000\n"
      "  runnel benchmark shakespeare --rounds 300 --max-chars 1 --prompt 'Once upon a time '\n"
      "  runnel benchmark shakespeare --streams 16 --chars-per-second 50 --max-chars 500");
  benchmark->callback([command, &line] {
    if (int64_t{command->rounds} * command->streams > kStreamsInAllMax) {
      throw CLI::ValidationError(
          "--rounds", absl::StrFormat("%d times --streams %d is more than %d", command->rounds,
                                      command->streams, kStreamsInAllMax));
    }
    RunWith(line, command, RunBenchmark)();
  });
}

}  // namespace runnel::client
