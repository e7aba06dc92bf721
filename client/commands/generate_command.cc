#include "client/commands/generate_command.h"

#include <memory>

#include "client/commands/sampling_flags.h"
#include "client/output/generation_stats.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {
namespace {

struct GenerateCommand {
  v1::GenerateCharsRequest request;
  bool echo_prompt = false;
  bool stats = false;
  FlagNames flag_names;
};

ExitCode RunGenerate(CommandContext& context, const GenerateCommand& command) {
  Output& out = context.out;
  const auto stub = context.NewStub<v1::TextGenerationService>();
  Call call(context.connection);
  const auto reader = stub->GenerateChars(call.context(), command.request);
  v1::GenerateCharsResponse response;
  v1::GenerationSummary summary;
  bool is_first = true;
  while (reader->Read(&response)) {
    // The prompt waits for the first message, so that a request that fails prints nothing.
    if (is_first && command.echo_prompt) out.WriteText(command.request.prompt());
    is_first = false;
    if (!out.WriteText(response.text())) call.context()->TryCancel();
    if (response.has_summary()) summary = response.summary();
  }
  const grpc::Status status = reader->Finish();
  if (out.is_terminal() && !is_first) out.EndLine();
  if (out.failed()) return ExitCode::kOk;  // RunClient judges the output
  if (!status.ok()) return Fail(context, status);
  return ReportEnds({summary}, command.stats, context.environment.err);
}

}  // namespace

void AddGenerateCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<GenerateCommand>();
  CLI::App* generate = app.add_subcommand("generate", "Let a model write, character by character");
  AddSamplingFlags(*generate, &command->request, &command->flag_names);
  AddFieldFlags(*generate,
                {{"--max-chars-per-message", "max_chars_per_message",
                  "1: every character is sent on its own; absent: as fast as the reader"}},
                &command->request, &command->flag_names);
  generate->add_flag("--echo-prompt", command->echo_prompt, "Print the prompt before the text");
  generate->add_flag("--stats", command->stats,
                     "Then tell on stderr how long it took, and the seed");
  generate->footer(
      "Examples:\n"
      "  runnel generate shakespeare --prompt 'ROMEO:' --max-chars 500 --temperature 0.8\n"
      "  runnel generate shakespeare:3 --seed 7 --stop $'\\n\\n' --stats\n"
      "  runnel generate shakespeare --max-chars 1000000 | head -c 2000");
  generate->callback([command, &line] {
    line.flag_names = command->flag_names;
    line.run = [command](CommandContext& context) { return RunGenerate(context, *command); };
  });
}

}  // namespace runnel::client
