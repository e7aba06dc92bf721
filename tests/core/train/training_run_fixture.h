// Runs of a small training whose clock and whose stop are in the test's hands.
#ifndef RUNNEL_TESTS_CORE_TRAIN_TRAINING_RUN_FIXTURE_H_
#define RUNNEL_TESTS_CORE_TRAIN_TRAINING_RUN_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "core/train/training_run.h"
#include "tests/core/train/training_fixture.h"

namespace runnel {

// Keeps every report; time advances by `seconds_per_step` before each step and by what `on_report`
// adds. Stops before step `stop_at`, if that is not negative.
class Recorder : public TrainingObserver {
 public:
  bool StopRequested() override {
    if (abandoned_after >= 0 && times_asked > abandoned_after) return true;
    if (stop_at >= 0 && steps_asked == stop_at) return true;
    ++steps_asked;
    now += seconds_per_step;
    return false;
  }
  bool Abandoned() override { return abandoned_after >= 0 && times_asked++ >= abandoned_after; }
  void OnReport(const ProgressReport& report, const Trainer<float>& trainer) override {
    reports.push_back(report);
    weights.push_back(trainer.parameters());
    if (on_report) on_report();
  }

  std::vector<int64_t> Steps() const {
    std::vector<int64_t> steps;
    for (const ProgressReport& report : reports) steps.push_back(report.step);
    return steps;
  }

  double seconds_per_step = 0;
  int64_t stop_at = -1;
  int abandoned_after = -1;  // so many questions; -1: never
  std::function<void()> on_report;

  double now = 1000;  // a clock need not begin at 0
  int64_t steps_asked = 0;
  std::atomic<int> times_asked = 0;
  std::vector<ProgressReport> reports;
  std::vector<std::vector<float>> weights;
};

class TrainingRunTest : public testing::Test {
 protected:
  // 400 symbols; 10 lanes of 40: (40 - 2) / 9 = 4 batches an epoch.
  static TrainingOptions Options() {
    return {
        .sequence_length = 9, .batch_size = 10, .learning_rate = 0.01, .validation_fraction = 0};
  }

  absl::StatusOr<TrainingOutcome> Run(const TrainingOptions& options, Recorder* recorder) {
    setup_ = std::make_unique<TrainingSetup<float>>(BrookCorpus(5), NetworkConfig{.hidden_size = 8},
                                                    options);
    return RunTraining(
        options, [recorder] { return recorder->now; }, &setup_->trainer, recorder);
  }

  std::unique_ptr<TrainingSetup<float>> setup_;
  Recorder recorder_;
};

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_TRAIN_TRAINING_RUN_FIXTURE_H_
