#include "client/commands/sample_command.h"

#include <memory>
#include <vector>

#include "client/commands/sampling_flags.h"
#include "client/net/call_server.h"
#include "client/output/generation_stats.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {
namespace {

struct SampleCommand : CommandState {
  v1::SampleRequest request;
  bool echo_prompt = false;
  bool stats = false;
  bool json = false;
};

void PrintTexts(Output& out, const SampleCommand& command, const v1::SampleResponse& response) {
  const bool several = response.samples_size() > 1;
  for (int i = 0; i < response.samples_size(); ++i) {
    if (i > 0) out.Write("---\n");
    if (command.echo_prompt) out.WriteText(command.request.prompt());
    out.WriteText(response.samples(i).text());
    // A single text in a pipe or file has exactly the bytes that the model wrote.
    if (several || out.is_terminal()) out.EndLine();
  }
}

ExitCode RunSample(CommandContext& context, SampleCommand& command) {
  const auto response =
      CallServer(context.connection, &v1::TextGenerationService::Stub::Sample, command.request);
  if (!response.ok()) return Fail(context, response.status());
  ExitCode written = ExitCode::kOk;
  if (command.json) {
    written = WriteJson(context, *response);
  } else {
    PrintTexts(context.out, command, *response);
  }
  std::vector<v1::GenerationSummary> summaries;
  for (const v1::SampledText& sample : response->samples()) summaries.push_back(sample.summary());
  const ExitCode ended = ReportEnds(summaries, command.stats, context.environment.err);
  return ended == ExitCode::kOk ? written : ended;
}

}  // namespace

void AddSampleCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<SampleCommand>();
  CLI::App* sample = app.add_subcommand("sample", "Write whole texts");
  AddSamplingFlags(*sample, &command->request, *command);
  AddFieldFlags(
      *sample,
      {{"--num-samples", "num_samples", "Texts to write, 1 to 64; 1 if absent"},
       {"--best-of", "best_of", "Write this many, print the likeliest"},
       {"--top-logprobs", "top_logprobs",
        "With --json: characters' log-probabilities and this many alternatives, 0 to 20"}},
      &command->request, &command->flag_names);
  sample->add_flag("--echo-prompt", command->echo_prompt, "Print the prompt before each text");
  sample->add_flag("--stats", command->stats,
                   "Afterwards print the seed and the time each took to stderr");
  sample->add_flag("--json", command->json, "Print the whole response as JSON");
  sample->footer(
      "Several texts are separated by a line ---.\n\n"
      "Example:\n"
      "  runnel sample shakespeare --prompt 'ROMEO:' --num-samples 3 --seed 7");
  sample->callback(RunWith(line, command, RunSample));
}

}  // namespace runnel::client
