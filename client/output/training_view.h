// Shows the progress of a training job.
#ifndef RUNNEL_CLIENT_OUTPUT_TRAINING_VIEW_H_
#define RUNNEL_CLIENT_OUTPUT_TRAINING_VIEW_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "client/output/output.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// Shows the progress of a training job. A terminal has one line, which is redrawn. Elsewhere, about
// one report per second becomes a line, and so does every report with a validation loss and the
// last report. A preview text is a block of several lines. Call ShowCorpus whenever the job has
// been received, ShowReport for each report in order, and then FinishLine. Not thread-safe.
class TrainingView {
 public:
  using Clock = std::chrono::steady_clock;

  // `now` reads the clock; `columns` returns the terminal's width now.
  TrainingView(Output& out, std::function<Clock::time_point()> now, std::function<int()> columns)
      : out_(out), now_(std::move(now)), columns_(std::move(columns)) {}

  // Shows the line about the corpus once, as soon as it is known.
  void ShowCorpus(const v1::TrainingJob& job);
  bool corpus_shown() const { return corpus_shown_; }

  void ShowReport(const v1::TrainingProgress& progress);

  // Shows the last report as a complete line, so that other text can follow.
  void FinishLine();

  // The lowest validation loss of all reports shown. The version that a job publishes has this
  // loss.
  std::optional<float> best_validation_loss() const { return best_validation_loss_; }

 private:
  void Redraw(const std::string& line);
  void ShowPreview(const v1::TrainingProgress& progress);

  Output& out_;
  const std::function<Clock::time_point()> now_;
  const std::function<int()> columns_;
  bool corpus_shown_ = false;
  bool line_drawn_ = false;  // on a terminal: the cursor is after a progress line
  // Elsewhere: the latest report, if it was not printed because less than a second had passed.
  std::string line_held_back_;
  std::optional<Clock::time_point> printed_at_;
  std::optional<float> latest_validation_loss_;
  std::optional<float> best_validation_loss_;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TRAINING_VIEW_H_
