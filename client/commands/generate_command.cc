#include "client/commands/generate_command.h"

#include <memory>

#include "client/commands/sampling_flags.h"
#include "client/net/server_status.h"
#include "client/output/generation_stats.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {
namespace {

struct GenerateCommand : CommandState {
  v1::GenerateCharsRequest request;
  bool echo_prompt = false;
  bool stats = false;
};

ExitCode RunGenerate(CommandContext& context, GenerateCommand& command) {
  Output& out = context.out;
  v1::TextGenerationService::Stub stub(context.connection.channel());
  Call call(context.connection);
  const auto reader = stub.GenerateChars(call.context(), command.request);
  v1::GenerateCharsResponse response;
  v1::GenerationSummary summary;
  bool is_first = true;
  while (reader->Read(&response)) {
    // The prompt is printed with the first message, so that a request that fails prints nothing.
    if (is_first && command.echo_prompt) out.WriteText(command.request.prompt());
    is_first = false;
    if (!out.WriteText(response.text())) call.context()->TryCancel();
    if (response.has_summary()) summary = response.summary();
  }
  const grpc::Status status = reader->Finish();
  if (out.is_terminal() && !is_first) out.EndLine();
  if (out.failed()) return ExitCode::kOk;  // RunClient reports failed output
  if (!status.ok()) return Fail(context, FromServer(status));
  return ReportEnds({summary}, command.stats, context.environment.err);
}

}  // namespace

void AddGenerateCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<GenerateCommand>();
  CLI::App* generate = app.add_subcommand("generate", "Write a text, character by character");
  AddSamplingFlags(*generate, &command->request, *command);
  AddFieldFlags(
      *generate,
      {{"--max-chars-per-message", "max_chars_per_message",
        "1: a message for every character; if absent, messages grow when the reader is slow"}},
      &command->request, &command->flag_names);
  generate->add_flag("--echo-prompt", command->echo_prompt, "Print the prompt before the text");
  generate->add_flag("--stats", command->stats,
                     "Afterwards print the seed and the time it took to stderr");
  generate->footer(
      "Examples:\n"
      "  runnel generate shakespeare --prompt 'ROMEO:' --max-chars 500 --temperature 0.8\n"
      "  runnel generate shakespeare:3 --seed 7 --stop $'\\n\\n' --stats\n"
      "  runnel generate shakespeare --max-chars 1000000 | head -c 2000");
  generate->callback(RunWith(line, command, RunGenerate));
}

}  // namespace runnel::client
