#include "client/commands/score_command.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/field_flags.h"
#include "client/net/call_server.h"
#include "client/output/table.h"
#include "client/output/utf8.h"
#include "runnel/v1/generation.grpc.pb.h"

namespace runnel::client {
namespace {

template <typename Request>
struct TextCommand : CommandState {
  Request request;
  bool json = false;
};

// A space would be invisible in a table.
std::string Shown(absl::string_view character) {
  return character == " " ? "(space)" : std::string(character);
}

// Lists each character of `text` with its log-probability. If some characters were skipped, the
// client does not know which, so it shows only the numbers.
std::string CharLogprobsText(absl::string_view text, const v1::ScoreResponse& response) {
  const bool skipped = CountChars(text) != static_cast<size_t>(response.char_logprobs_size());
  std::vector<TableRow> rows = {{"CHARACTER", "NATS"}};
  for (const float logprob : response.char_logprobs()) {
    const absl::string_view character = text.substr(0, CharLength(text));
    text.remove_prefix(character.size());
    rows.push_back({skipped ? "?" : Shown(character), absl::StrFormat("%.4f", logprob)});
  }
  return FormatTable(rows);
}

std::string ScoreText(absl::string_view scored, const v1::ScoreResponse& response) {
  std::string text =
      FormatFields({{"characters", absl::StrCat(response.scored_chars())},
                    {"log-probability", absl::StrFormat("%.4f nats", response.logprob())},
                    {"bits per character", absl::StrFormat("%.4f", response.bits_per_char())},
                    {"perplexity", absl::StrFormat("%.4f per character", response.perplexity())},
                    {"version", absl::StrCat(response.model_version())}});
  if (response.char_logprobs_size() > 0) absl::StrAppend(&text, CharLogprobsText(scored, response));
  return text;
}

std::string FillText(const v1::FillBlanksResponse& response) {
  std::vector<TableRow> rows = {{"POSITION", "CHARACTER", "PROBABILITY"}};
  for (const v1::FilledBlank& blank : response.blanks()) {
    for (const v1::CharAlternative& candidate : blank.candidates()) {
      rows.push_back({absl::StrCat(blank.position()), Shown(candidate.character()),
                      absl::StrFormat("%.4f", std::exp(candidate.logprob()))});
    }
  }
  return FormatTable(rows);
}

ExitCode RunScore(CommandContext& context, TextCommand<v1::ScoreRequest>& command) {
  const auto response =
      CallServer(context.connection, &v1::TextGenerationService::Stub::Score, command.request);
  if (!response.ok()) return Fail(context, response.status());
  if (command.json) return WriteJson(context, *response);
  context.out.Write(ScoreText(command.request.text(), *response));
  return ExitCode::kOk;
}

ExitCode RunFill(CommandContext& context, TextCommand<v1::FillBlanksRequest>& command) {
  const auto response =
      CallServer(context.connection, &v1::TextGenerationService::Stub::FillBlanks, command.request);
  if (!response.ok()) return Fail(context, response.status());
  if (command.json) return WriteJson(context, *response);
  context.out.WriteText(response->text());
  context.out.EndLine();
  context.out.Write(FillText(*response));
  return ExitCode::kOk;
}

}  // namespace

void AddScoreCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<TextCommand<v1::ScoreRequest>>();
  CLI::App* score = app.add_subcommand("score", "Show how likely a model finds a text");
  AddFieldFlags(
      *score,
      {{"MODEL", "model", "A name, NAME:VERSION or NAME:LABEL", FieldText::kNotEmpty},
       {"--skip-unknown", "skip_unknown_chars", "Leave out characters that the model never saw"},
       {"--per-char", "per_char", "Also show each character's log-probability in nats"}},
      &command->request, &command->flag_names);
  command->texts.Add(*score, {"TEXT", "--text-file", "text", "The text to score"},
                     &command->request, command->flag_names);
  command->texts.Add(*score,
                     {"--context", "--context-file", "context", "Read before the text, not scored"},
                     &command->request, command->flag_names);
  score->add_flag("--json", command->json, "Print the whole response as JSON");
  score->callback(RunWith(line, command, RunScore));
}

void AddFillCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<TextCommand<v1::FillBlanksRequest>>();
  CLI::App* fill = app.add_subcommand("fill", "Fill the blanks in a text (bidirectional models)");
  AddFieldFlags(*fill,
                {{"MODEL", "model", "A name, NAME:VERSION or NAME:LABEL", FieldText::kNotEmpty},
                 {"--blank", "blank", "The character that marks a blank; _ if absent"},
                 {"--candidates", "candidates", "Alternatives for each blank; 5 if absent"}},
                &command->request, &command->flag_names);
  command->texts.Add(*fill, {"TEXT", "--text-file", "text", "The text with its blanks"},
                     &command->request, command->flag_names);
  fill->add_flag("--json", command->json, "Print the whole response as JSON");
  fill->callback(RunWith(line, command, RunFill));
}

}  // namespace runnel::client
