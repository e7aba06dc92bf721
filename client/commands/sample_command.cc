#include "client/commands/sample_command.h"

#include <memory>
#include <vector>

#include "client/commands/sampling_flags.h"
#include "client/output/generation_stats.h"
#include "client/output/json.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {
namespace {

struct SampleCommand {
  v1::SampleRequest request;
  bool echo_prompt = false;
  bool stats = false;
  bool json = false;
  FlagNames flag_names;
};

void PrintTexts(Output& out, const SampleCommand& command, const v1::SampleResponse& response) {
  const bool several = response.samples_size() > 1;
  for (int i = 0; i < response.samples_size(); ++i) {
    if (i > 0) out.Write("---\n");
    if (command.echo_prompt) out.WriteText(command.request.prompt());
    out.WriteText(response.samples(i).text());
    // A single text that is piped on stays exactly what the model wrote.
    if (several || out.is_terminal()) out.EndLine();
  }
}

ExitCode RunSample(CommandContext& context, const SampleCommand& command) {
  Call call(context.connection);
  v1::SampleResponse response;
  const grpc::Status status = context.NewStub<v1::TextGenerationService>()->Sample(
      call.context(), command.request, &response);
  if (!status.ok()) return Fail(context, status);
  ExitCode written = ExitCode::kOk;
  if (command.json) {
    written = WriteJson(context, response);
  } else {
    PrintTexts(context.out, command, response);
  }
  std::vector<v1::GenerationSummary> summaries;
  for (const v1::SampledText& sample : response.samples()) summaries.push_back(sample.summary());
  const ExitCode ended = ReportEnds(summaries, command.stats, context.environment.err);
  return ended == ExitCode::kOk ? written : ended;
}

}  // namespace

void AddSampleCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<SampleCommand>();
  CLI::App* sample = app.add_subcommand("sample", "Let a model write whole texts");
  AddSamplingFlags(*sample, &command->request, &command->flag_names);
  AddFieldFlags(
      *sample,
      {{"--num-samples", "num_samples", "Texts to write, 1 to 64; 1 if absent"},
       {"--best-of", "best_of", "Draw this many, print the likeliest"},
       {"--top-logprobs", "top_logprobs",
        "With --json: characters' log-probabilities and this many alternatives, 0 to 20"}},
      &command->request, &command->flag_names);
  sample->add_flag("--echo-prompt", command->echo_prompt, "Print the prompt before each text");
  sample->add_flag("--stats", command->stats,
                   "Then tell on stderr how long each took, and the seed");
  sample->add_flag("--json", command->json, "Print the whole response as JSON");
  sample->footer(
      "Several texts are divided by a line ---.\n\n"
      "Example:\n"
      "  runnel sample shakespeare --prompt 'ROMEO:' --num-samples 3 --seed 7");
  sample->callback([command, &line] {
    line.flag_names = command->flag_names;
    line.run = [command](CommandContext& context) { return RunSample(context, *command); };
  });
}

}  // namespace runnel::client
