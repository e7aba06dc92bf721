#include "client/commands/benchmark_command.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/commands/benchmark_stream.h"
#include "client/commands/sampling_flags.h"
#include "client/output/table.h"

namespace runnel::client {
namespace {

constexpr int kStreamsMax = 10'000;
constexpr int kRoundsMax = 10'000;
constexpr int64_t kStreamsInAllMax = 1'000'000;  // whose times are kept

struct BenchmarkCommand {
  v1::GenerateCharsRequest request;
  int streams = 1;
  int rounds = 1;
  double chars_per_second = 0;  // of each stream; 0: as fast as they come
  FlagNames flag_names;
};

// The value that a share of `sorted` does not exceed; 0 of none.
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

// What all streams came to, of every round.
struct Totals {
  double seconds = 0;
  int64_t streams = 0;
  int64_t chars = 0;
  int64_t messages = 0;
  std::vector<float> first_char_ms;
  std::vector<float> message_gaps_ms;
  std::vector<float> char_gaps_ms;  // of a message's characters on average

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

// Runs streams of `requests` side by side to their ends and adds them to `totals`. The first
// failure.
grpc::Status RunStreams(CommandContext& context, v1::TextGenerationService::Stub& stub,
                        std::vector<v1::GenerateCharsRequest> requests, double chars_per_second,
                        Totals* totals) {
  StreamsLeft left(static_cast<int>(requests.size()));
  std::vector<std::unique_ptr<BenchmarkStream>> streams;
  streams.reserve(requests.size());
  for (v1::GenerateCharsRequest& request : requests) {
    streams.push_back(std::make_unique<BenchmarkStream>(context.connection, std::move(request),
                                                        chars_per_second, left));
  }
  const double start = context.environment.now_s();
  for (const auto& stream : streams) stream->Start(stub);
  left.WaitForNone();
  totals->seconds += context.environment.now_s() - start;
  for (const auto& stream : streams) {
    const BenchmarkStream::Measured measured = stream->measured();
    if (!measured.status.ok()) return measured.status;
    totals->Add(measured);
  }
  return grpc::Status::OK;
}

// One character, so that the client is connected and the server has loaded the model.
grpc::Status WarmUp(CommandContext& context, v1::TextGenerationService::Stub& stub,
                    v1::GenerateCharsRequest request) {
  request.mutable_stop()->set_max_chars(1);
  Totals unused;
  return RunStreams(context, stub, {std::move(request)}, 0, &unused);
}

ExitCode RunBenchmark(CommandContext& context, const BenchmarkCommand& command) {
  const auto stub = context.NewStub<v1::TextGenerationService>();
  grpc::Status status = WarmUp(context, *stub, command.request);
  Totals totals;
  uint64_t seed = command.request.sampling().seed();
  for (int round = 0; round < command.rounds && status.ok(); ++round) {
    std::vector<v1::GenerateCharsRequest> requests(command.streams, command.request);
    for (v1::GenerateCharsRequest& request : requests) {
      request.mutable_sampling()->set_seed(seed++);
    }
    status = RunStreams(context, *stub, std::move(requests), command.chars_per_second, &totals);
  }
  if (!status.ok()) return Fail(context, status);
  context.out.Write(Report(totals));
  return ExitCode::kOk;
}

}  // namespace

void AddBenchmarkCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<BenchmarkCommand>();
  CLI::App* benchmark = app.add_subcommand(
      "benchmark", "Measure a server: streams side by side, and how fast their characters come");
  AddSamplingFlags(*benchmark, &command->request, &command->flag_names);
  AddFieldFlags(*benchmark,
                {{"--max-chars-per-message", "max_chars_per_message",
                  "1: every character is sent on its own; absent: as fast as the reader"}},
                &command->request, &command->flag_names);
  benchmark->add_option("--streams", command->streams, "Streams at a time, seeds counting up")
      ->check(CLI::Range(1, kStreamsMax))
      ->capture_default_str();
  benchmark
      ->add_option("--rounds", command->rounds, "Times that all streams run, one after another")
      ->check(CLI::Range(1, kRoundsMax))
      ->capture_default_str();
  benchmark
      ->add_option("--chars-per-second", command->chars_per_second,
                   "Pace at which each stream is read; 0: as fast as characters come")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  benchmark->footer(
      "Times are of this client, on a connection that stands: from a stream's start to its first\n"
      "character, and from a message to the next, whole and divided by its characters.\n"
      "Examples:\n"
      "  runnel benchmark shakespeare --streams 256 --max-chars 4000\n"
      "  runnel benchmark shakespeare --rounds 300 --max-chars 1 --prompt 'Once upon a time '\n"
      "  runnel benchmark shakespeare --streams 16 --chars-per-second 50 --max-chars 500");
  benchmark->callback([command, &line] {
    if (int64_t{command->rounds} * command->streams > kStreamsInAllMax) {
      throw CLI::ValidationError(
          "--rounds", absl::StrFormat("times --streams is more than %d", kStreamsInAllMax));
    }
    line.flag_names = command->flag_names;
    line.run = [command](CommandContext& context) { return RunBenchmark(context, *command); };
  });
}

}  // namespace runnel::client
