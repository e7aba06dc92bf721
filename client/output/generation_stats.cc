#include "client/output/generation_stats.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/output/enum_name.h"
#include "client/output/terminal_text.h"

namespace runnel::client {

std::string GenerationStats(const v1::GenerationSummary& summary) {
  std::string finish = EnumName(summary.finish_reason());
  if (!summary.matched_stop().empty()) {
    absl::StrAppend(&finish, " \"", EscapeLine(summary.matched_stop()), "\"");
  }
  std::string line = absl::StrFormat(
      "%d chars, version %d, seed %d, finish %s, first char %.1f ms, total %.1f ms",
      summary.generated_chars(), summary.model_version(), summary.seed(),
      finish.empty() ? "unknown" : finish, summary.first_char_ms(), summary.total_ms());
  if (summary.total_ms() > 0) {
    absl::StrAppendFormat(&line, ", %.0f chars/s",
                          summary.generated_chars() / (summary.total_ms() / 1e3));
  }
  return line;
}

ExitCode ReportEnds(const std::vector<v1::GenerationSummary>& texts, bool stats,
                    std::ostream& err) {
  bool impossible = false;
  bool draining = false;
  for (const v1::GenerationSummary& text : texts) {
    if (stats) err << GenerationStats(text) << "\n";
    impossible |= text.finish_reason() == v1::FINISH_REASON_PATTERN_IMPOSSIBLE;
    draining |= text.finish_reason() == v1::FINISH_REASON_DRAINING;
  }
  if (impossible) err << "runnel: the model's characters cannot complete a match of --pattern\n";
  if (!draining) return ExitCode::kOk;
  err << "runnel: the text was cut short: the server is shutting down\n";
  return ExitCode::kUnreachable;
}

}  // namespace runnel::client
