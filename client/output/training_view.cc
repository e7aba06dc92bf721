#include "client/output/training_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/output/progress_line.h"

namespace runnel::client {
namespace {

// The time between plain lines, which are often written to a log.
constexpr std::chrono::seconds kPlainLinePeriod(1);

constexpr char kEraseLine[] = "\r\x1b[K";

}  // namespace

void TrainingView::ShowCorpus(const v1::TrainingJob& job) {
  const std::string line = CorpusLine(job);
  if (corpus_shown_ || line.empty()) return;
  corpus_shown_ = true;
  out_.Write(line + "\n");
}

void TrainingView::ShowReport(const v1::TrainingProgress& progress) {
  if (progress.has_validation_loss()) {
    latest_validation_loss_ = progress.validation_loss();
    best_validation_loss_ = std::min(best_validation_loss_.value_or(progress.validation_loss()),
                                     progress.validation_loss());
  }
  if (!progress.sample_text().empty()) ShowPreview(progress);
  if (out_.is_terminal()) {
    Redraw(ProgressLine(progress, latest_validation_loss_));
    return;
  }
  std::optional<float> own_validation_loss;
  if (progress.has_validation_loss()) own_validation_loss = progress.validation_loss();
  const std::string line = ProgressLine(progress, own_validation_loss);
  const Clock::time_point now = now_();
  const bool is_due = !printed_at_ || now - *printed_at_ >= kPlainLinePeriod;
  if (!is_due && !progress.has_validation_loss()) {
    line_held_back_ = line;
    return;
  }
  line_held_back_.clear();
  printed_at_ = now;
  out_.Write(line + "\n");
}

void TrainingView::Redraw(const std::string& line) {
  // A line that wraps cannot be erased. The last column stays empty because some terminals wrap as
  // soon as it is filled.
  const size_t width = static_cast<size_t>(std::max(columns_() - 1, 20));
  out_.Write(absl::StrCat(kEraseLine, line.substr(0, width)));
  line_drawn_ = true;
}

void TrainingView::ShowPreview(const v1::TrainingProgress& progress) {
  if (line_drawn_) out_.Write(kEraseLine);
  line_drawn_ = false;
  out_.Write(absl::StrCat("--- sample at step ", progress.step(), " ---\n"));
  out_.WriteText(progress.sample_text());
  out_.EndLine();
  out_.Write("---\n");
}

void TrainingView::FinishLine() {
  if (line_drawn_) out_.Write("\n");
  line_drawn_ = false;
  if (!line_held_back_.empty()) out_.Write(line_held_back_ + "\n");
  line_held_back_.clear();
}

}  // namespace runnel::client
