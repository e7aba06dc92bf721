#include "client/benchmark_command.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/benchmark_stream.h"
#include "client/sampling_flags.h"
#include "client/table.h"

namespace runnel::client {
namespace {

constexpr int kStreamsMax = 10'000;

struct BenchmarkCommand {
  v1::GenerateCharsRequest request;
  int streams = 1;
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

std::string Report(const std::vector<BenchmarkStream::Measured>& streams, double seconds) {
  int64_t chars = 0;
  int64_t messages = 0;
  std::vector<float> first;
  std::vector<float> gaps;
  for (const BenchmarkStream::Measured& stream : streams) {
    chars += stream.chars;
    messages += stream.messages;
    if (stream.chars > 0) first.push_back(static_cast<float>(stream.first_char_ms));
    gaps.insert(gaps.end(), stream.gaps_ms.begin(), stream.gaps_ms.end());
  }
  const double rate = seconds > 0 ? static_cast<double>(chars) / seconds : 0;
  const double per_message =
      messages > 0 ? static_cast<double>(chars) / static_cast<double>(messages) : 0;
  return FormatFields({{"streams", absl::StrFormat("%d", streams.size())},
                       {"characters", absl::StrFormat("%d in %.2f s", chars, seconds)},
                       {"throughput", absl::StrFormat("%.0f characters/s", rate)},
                       {"per message", absl::StrFormat("%.1f characters", per_message)},
                       {"first character", Quantiles(std::move(first))},
                       {"between messages", Quantiles(std::move(gaps))}});
}

ExitCode RunBenchmark(CommandContext& context, const BenchmarkCommand& command) {
  const auto stub = context.NewStub<v1::TextGenerationService>();
  StreamsLeft left(command.streams);
  std::vector<std::unique_ptr<BenchmarkStream>> streams;
  const uint64_t seed = command.request.sampling().seed();
  for (int i = 0; i < command.streams; ++i) {
    v1::GenerateCharsRequest request = command.request;
    request.mutable_sampling()->set_seed(seed + static_cast<uint64_t>(i));
    streams.push_back(std::make_unique<BenchmarkStream>(context.connection, std::move(request),
                                                        command.chars_per_second, left));
  }
  const double start = context.environment.now_s();
  for (const auto& stream : streams) stream->Start(*stub);
  left.WaitForNone();
  const double seconds = context.environment.now_s() - start;
  std::vector<BenchmarkStream::Measured> measured;
  for (const auto& stream : streams) {
    measured.push_back(stream->measured());
    if (!measured.back().status.ok()) return Fail(context, measured.back().status);
  }
  context.out.Write(Report(measured, seconds));
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
      ->add_option("--chars-per-second", command->chars_per_second,
                   "Pace at which each stream is read; 0: as fast as characters come")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  benchmark->footer(
      "Times are of this client: from a stream's start to its first character, and from asking "
      "for\n"
      "the next message to its arrival.\n"
      "Examples:\n"
      "  runnel benchmark shakespeare --streams 256 --max-chars 4000\n"
      "  runnel benchmark shakespeare --streams 16 --chars-per-second 50 --max-chars 500");
  benchmark->callback([command, &line] {
    line.flag_names = command->flag_names;
    line.run = [command](CommandContext& context) { return RunBenchmark(context, *command); };
  });
}

}  // namespace runnel::client
