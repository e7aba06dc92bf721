#ifndef RUNNEL_CLIENT_OUTPUT_TRAINING_VIEW_H_
#define RUNNEL_CLIENT_OUTPUT_TRAINING_VIEW_H_

#include <functional>
#include <string>

#include "absl/types/optional.h"
#include "client/output/output.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// Shows a training job as it goes: one redrawn line on a terminal; elsewhere plain lines, about one
// a second, but every validation and the last report. A preview text is a block of its own. Feed it
// ShowCorpus as often as the job is seen, ShowReport for each report in order, then FinishLine.
class TrainingView {
 public:
  // `now_s` is a monotonic clock; `columns` the terminal's width at the moment.
  TrainingView(Output& out, std::function<double()> now_s, std::function<int()> columns)
      : out_(out), now_s_(std::move(now_s)), columns_(std::move(columns)) {}

  // The corpus line, once it is known; shown one time.
  void ShowCorpus(const v1::TrainingJob& job);
  bool corpus_shown() const { return corpus_shown_; }

  void ShowReport(const v1::TrainingProgress& progress);

  // Leaves the last report as a line of its own, so that other text can follow.
  void FinishLine();

  // The lowest validation loss of the reports shown: that of the version a job publishes.
  absl::optional<float> best_validation_loss() const { return best_validation_loss_; }

 private:
  void Redraw(const std::string& line);
  void ShowPreview(const v1::TrainingProgress& progress);

  Output& out_;
  const std::function<double()> now_s_;
  const std::function<int()> columns_;
  bool corpus_shown_ = false;
  bool line_drawn_ = false;  // on a terminal: the cursor stands behind a progress line
  std::string
      line_held_back_;  // elsewhere: the latest report, not printed because another was just before
  absl::optional<double> printed_at_s_;
  absl::optional<float> latest_validation_loss_;
  absl::optional<float> best_validation_loss_;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TRAINING_VIEW_H_
