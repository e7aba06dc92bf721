#include "client/output/progress_line.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/output/terminal_text.h"

namespace runnel::client {
namespace {

// Longer estimates mean nothing and would not fit on the line.
constexpr double kSecondsShownMax = 100.0 * 24 * 3600;

std::string Seconds(const v1::TrainingJob& job) {
  if (!job.has_start_time() || !job.has_end_time()) return "";
  const double milliseconds = static_cast<double>(
      google::protobuf::util::TimeUtil::DurationToMilliseconds(job.end_time() - job.start_time()));
  return absl::StrFormat(", %.1f s", milliseconds / 1e3);
}

}  // namespace

std::string FormatDuration(double seconds) {
  if (!std::isfinite(seconds) || seconds > kSecondsShownMax) return "?:??";
  const auto total = static_cast<int64_t>(std::ceil(std::max(seconds, 0.0)));
  if (total < 3600) return absl::StrFormat("%d:%02d", total / 60, total % 60);
  return absl::StrFormat("%d:%02d:%02d", total / 3600, total / 60 % 60, total % 60);
}

std::string ProgressLine(const v1::TrainingProgress& progress,
                         std::optional<float> validation_loss) {
  std::string line = absl::StrFormat("step %d  epoch %.2f  loss %.3f", progress.step(),
                                     progress.epoch(), progress.loss());
  if (validation_loss.has_value())
    absl::StrAppendFormat(&line, "  validation %.3f", *validation_loss);
  if (progress.chars_per_second() > 0) {
    absl::StrAppendFormat(&line, "  %.0f chars/s", progress.chars_per_second());
  }
  if (progress.seconds_left() > 0) {
    absl::StrAppend(&line, "  ", FormatDuration(progress.seconds_left()), " left");
  }
  return line;
}

std::string CorpusLine(const v1::TrainingJob& job) {
  if (job.corpus_chars() == 0) return "";
  return absl::StrFormat("%d characters, %d distinct; %d parameters", job.corpus_chars(),
                         job.vocabulary_size(), job.parameter_count());
}

std::string EndLine(const v1::TrainingJob& job, std::optional<float> best_validation_loss) {
  std::string line;
  if (job.state() == v1::TRAINING_JOB_STATE_FAILED) {
    return absl::StrCat(
        "job ", EscapeLine(job.id()),
        " failed: ", job.error().empty() ? "the server does not say why" : EscapeLine(job.error()));
  }
  if (job.state() == v1::TRAINING_JOB_STATE_CANCELLED) {
    line = absl::StrCat("job ", EscapeLine(job.id()), " was cancelled");
    if (job.published_version() == 0) return line;
    line += ", ";
  }
  absl::StrAppend(&line, "published ", EscapeLine(job.model()), ":", job.published_version());
  if (best_validation_loss.has_value()) {
    absl::StrAppendFormat(&line, ", validation loss %.3f nats/char", *best_validation_loss);
  }
  line += Seconds(job);
  // The server says so if it ended the job before its own limit.
  if (!job.error().empty()) absl::StrAppend(&line, "; ", EscapeLine(job.error()));
  return line;
}

}  // namespace runnel::client
