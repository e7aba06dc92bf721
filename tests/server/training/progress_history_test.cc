#include "server/training/progress_history.h"

#include <gtest/gtest.h>

#include <vector>

namespace runnel::server {
namespace {

v1::TrainingProgress Report(int64_t step, bool notable = false) {
  v1::TrainingProgress report;
  report.set_step(step);
  if (notable) report.set_validation_loss(1);
  return report;
}

TEST(ProgressHistory, From_GivesReportsInOrder) {
  ProgressHistory history;
  EXPECT_EQ(history.From(0), nullptr);
  for (int i = 0; i < 3; ++i) history.Add(Report(10 + i));
  for (int i = 0; i < 3; ++i) {
    ASSERT_NE(history.From(i), nullptr);
    EXPECT_EQ(history.From(i)->report.step(), 10 + i);
  }
  EXPECT_EQ(history.From(3), nullptr);
  EXPECT_EQ(history.next_number(), 3u);
}

TEST(ProgressHistory, Full_DropsPlainReportsAndKeepsNotableOnes) {
  ProgressHistory history;
  constexpr int kReports = 20'000;
  constexpr int kNotableEvery = 100;
  for (int i = 0; i < kReports; ++i) {
    history.Add(Report(i, i % kNotableEvery == 0));
    ASSERT_LE(history.entries().size(), ProgressHistory::kReportsMax);
  }
  int notable = 0;
  for (const auto& entry : history.entries()) notable += entry.report.has_validation_loss();
  EXPECT_EQ(notable, kReports / kNotableEvery);
  EXPECT_EQ(history.entries().back().report.step(), kReports - 1);
  EXPECT_GT(history.entries().size(), ProgressHistory::kReportsMax / 4);
}

TEST(ProgressHistory, NothingButNotableReports_AreThinnedToo) {
  ProgressHistory history;
  for (int i = 0; i < 10'000; ++i) history.Add(Report(i, /*notable=*/true));
  EXPECT_LE(history.entries().size(), ProgressHistory::kReportsMax);
  EXPECT_EQ(history.entries().back().report.step(), 9'999);
}

TEST(ProgressHistory, ReaderThatKeepsUp_GetsEveryReportOnceWhateverIsDropped) {
  ProgressHistory history;
  uint64_t cursor = 0;
  std::vector<int64_t> read;
  for (int i = 0; i < 10'000; ++i) {
    history.Add(Report(i));
    while (const auto* entry = history.From(cursor)) {
      read.push_back(entry->report.step());
      cursor = entry->number + 1;
    }
  }
  ASSERT_EQ(read.size(), 10'000u);
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(read[i], i);
}

TEST(ProgressHistory, ReaderThatLags_GetsWhatIsLeftInOrder) {
  ProgressHistory history;
  for (int i = 0; i < 5'000; ++i) history.Add(Report(i));
  uint64_t cursor = 0;
  int64_t last = -1;
  while (const auto* entry = history.From(cursor)) {
    EXPECT_GT(entry->report.step(), last);
    last = entry->report.step();
    cursor = entry->number + 1;
  }
  EXPECT_EQ(last, 4'999);
}

TEST(ProgressHistory, ThinTo_KeepsTheLastAndThatOfTheLowestValidationLoss) {
  for (const int best : {1, 16, 30, 48}) {
    ProgressHistory history;
    for (int i = 0; i < 50; ++i) {
      history.Add(Report(i, i % 3 == 0));
      if (i == best) {
        v1::TrainingProgress report = Report(100);
        report.set_validation_loss(0.5);
        history.Add(report);
      }
    }
    history.ThinTo(10);
    EXPECT_LE(history.entries().size(), 10u);
    history.ThinTo(2);
    ASSERT_EQ(history.entries().size(), 2u);
    EXPECT_EQ(history.entries().front().report.step(), 100) << best;
    EXPECT_EQ(history.entries().back().report.step(), 49) << best;
  }
}

}  // namespace
}  // namespace runnel::server
