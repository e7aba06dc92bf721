#include "client/output/training_view.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <sstream>

#include "client/output/progress_line.h"

namespace runnel::client {
namespace {

v1::TrainingProgress Progress(int64_t step) {
  v1::TrainingProgress progress;
  progress.set_step(step);
  progress.set_epoch(0.5);
  progress.set_loss(2.25);
  return progress;
}

v1::TrainingProgress Validated(int64_t step, float validation_loss) {
  v1::TrainingProgress progress = Progress(step);
  progress.set_validation_loss(validation_loss);
  return progress;
}

TEST(ProgressLineTest, EverythingKnown_IsOnOneLine) {
  v1::TrainingProgress progress = Progress(1200);
  progress.set_chars_per_second(34100.4f);
  progress.set_seconds_left(82.2f);
  EXPECT_EQ(ProgressLine(progress, 2.0514f),
            "step 1200  epoch 0.50  loss 2.250  validation 2.051  34100 chars/s  1:23 left");
}

TEST(ProgressLineTest, NothingButLoss_LeavesOutTheRest) {
  EXPECT_EQ(ProgressLine(Progress(0), std::nullopt), "step 0  epoch 0.50  loss 2.250");
}

TEST(ProgressLineTest, FormatDuration_MinutesHoursAndNonsense) {
  EXPECT_EQ(FormatDuration(0), "0:00");
  EXPECT_EQ(FormatDuration(0.2), "0:01");
  EXPECT_EQ(FormatDuration(59.5), "1:00");
  EXPECT_EQ(FormatDuration(3599), "59:59");
  EXPECT_EQ(FormatDuration(3661), "1:01:01");
  EXPECT_EQ(FormatDuration(-5), "0:00");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::quiet_NaN()), "?:??");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::infinity()), "?:??");
}

TEST(ProgressLineTest, CorpusLine_KnownAndUnknown) {
  v1::TrainingJob job;
  EXPECT_EQ(CorpusLine(job), "");
  job.set_corpus_chars(1115394);
  job.set_vocabulary_size(65);
  job.set_parameter_count(6585);
  EXPECT_EQ(CorpusLine(job), "1115394 characters, 65 distinct; 6585 parameters");
}

TEST(ProgressLineTest, EndLine_EveryEnd) {
  v1::TrainingJob job;
  job.set_id("j1");
  job.set_model("m");
  job.set_published_version(3);
  job.set_state(v1::TRAINING_JOB_STATE_SUCCEEDED);
  job.mutable_start_time()->set_seconds(100);
  job.mutable_end_time()->set_seconds(112);
  job.mutable_end_time()->set_nanos(345000000);
  EXPECT_EQ(EndLine(job, 1.5f), "published m:3, validation loss 1.500 nats/char, 12.3 s");
  EXPECT_EQ(EndLine(job, std::nullopt), "published m:3, 12.3 s");
  job.set_error("the server's maximum of 9 seconds for a job ended the training");
  EXPECT_EQ(
      EndLine(job, std::nullopt),
      "published m:3, 12.3 s; the server's maximum of 9 seconds for a job ended the training");
  job.clear_error();
  job.set_state(v1::TRAINING_JOB_STATE_CANCELLED);
  EXPECT_EQ(EndLine(job, std::nullopt), "job j1 was cancelled, published m:3, 12.3 s");
  job.set_published_version(0);
  EXPECT_EQ(EndLine(job, std::nullopt), "job j1 was cancelled");
  job.set_state(v1::TRAINING_JOB_STATE_FAILED);
  job.set_error("disk\nfull");
  EXPECT_EQ(EndLine(job, std::nullopt), "job j1 failed: disk\\nfull");
}

class TrainingViewTest : public ::testing::Test {
 protected:
  TrainingView MakeView(Output& out) {
    return TrainingView(
        out, [this] { return now_; }, [this] { return columns_; });
  }

  std::ostringstream stream_;
  TrainingView::Clock::time_point now_{std::chrono::seconds(100)};
  int columns_ = 80;
};

TEST_F(TrainingViewTest, Plain_ReportsWithinASecond_KeepFirstValidationAndLast) {
  Output out(stream_, /*is_terminal=*/false);
  TrainingView view = MakeView(out);
  view.ShowReport(Progress(1));
  view.ShowReport(Progress(2));
  view.ShowReport(Validated(3, 2.0f));
  view.ShowReport(Progress(4));
  view.ShowReport(Progress(5));
  view.FinishLine();
  EXPECT_EQ(stream_.str(),
            "step 1  epoch 0.50  loss 2.250\n"
            "step 3  epoch 0.50  loss 2.250  validation 2.000\n"
            "step 5  epoch 0.50  loss 2.250\n");
}

TEST_F(TrainingViewTest, Plain_ASecondApart_EachIsALine) {
  Output out(stream_, /*is_terminal=*/false);
  TrainingView view = MakeView(out);
  view.ShowReport(Progress(1));
  now_ += std::chrono::seconds(1);
  view.ShowReport(Progress(2));
  view.FinishLine();
  EXPECT_EQ(stream_.str(), "step 1  epoch 0.50  loss 2.250\nstep 2  epoch 0.50  loss 2.250\n");
}

TEST_F(TrainingViewTest, Terminal_Reports_RedrawOneLineAndKeepTheValidation) {
  Output out(stream_, /*is_terminal=*/true);
  TrainingView view = MakeView(out);
  view.ShowReport(Validated(1, 2.0f));
  view.ShowReport(Progress(2));
  view.FinishLine();
  EXPECT_EQ(stream_.str(),
            "\r\x1b[Kstep 1  epoch 0.50  loss 2.250  validation 2.000"
            "\r\x1b[Kstep 2  epoch 0.50  loss 2.250  validation 2.000\n");
}

TEST_F(TrainingViewTest, Terminal_Narrow_LineDoesNotWrap) {
  columns_ = 25;
  Output out(stream_, /*is_terminal=*/true);
  TrainingView view = MakeView(out);
  view.ShowReport(Progress(1));
  EXPECT_EQ(stream_.str(), "\r\x1b[Kstep 1  epoch 0.50  loss");
}

TEST_F(TrainingViewTest, Preview_OnTerminal_IsABlockAndEscaped) {
  Output out(stream_, /*is_terminal=*/true);
  TrainingView view = MakeView(out);
  view.ShowReport(Progress(1));
  stream_.str("");
  v1::TrainingProgress progress = Progress(2);
  progress.set_sample_text("to be\x1b[H");
  view.ShowReport(progress);
  EXPECT_EQ(stream_.str(),
            "\r\x1b[K--- sample at step 2 ---\nto be\\x1b[H\n---\n"
            "\r\x1b[Kstep 2  epoch 0.50  loss 2.250");
}

TEST_F(TrainingViewTest, BestValidationLoss_IsTheLowestSeen) {
  Output out(stream_, /*is_terminal=*/false);
  TrainingView view = MakeView(out);
  EXPECT_FALSE(view.best_validation_loss().has_value());
  for (const float loss : {2.0f, 1.5f, 1.75f}) view.ShowReport(Validated(1, loss));
  EXPECT_EQ(view.best_validation_loss(), 1.5f);
}

}  // namespace
}  // namespace runnel::client
