#include "core/generate/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/core/generate/scheduled_text.h"

namespace runnel {
namespace {

TEST(Scheduler, LongPrompt_HoldsNobodyUp) {
  const auto model = ModelOf(CellType::kLstm);
  const auto reader = NewText(model, 1, 1, std::vector<int32_t>(5000, 2));
  const auto writer = NewText(model, 2, 1000, {1});
  Scheduler scheduler;
  scheduler.Add(reader);
  scheduler.Add(writer);
  for (int step = 1; step <= 50; ++step) {
    scheduler.Step();
    ASSERT_EQ(writer->written_by.generated_chars(), step);
    ASSERT_EQ(reader->steps, step);
  }
}

TEST(Scheduler, LongPromptOfALargeModel_IsReadAheadByLittleWhileOthersWrite) {
  const auto model = ModelOf(CellType::kLstm, DecodePrecision::kF32, /*hidden=*/512);
  const auto reader = NewText(model, 1, 1, std::vector<int32_t>(300, 2));
  Scheduler scheduler;
  scheduler.Add(reader);
  scheduler.Step();
  const auto left = static_cast<int64_t>(reader->session().PromptAhead().size());
  EXPECT_LT(left, 275);  // alone
  scheduler.Add(NewText(model, 2, 1000, {1}));
  scheduler.Step();
  EXPECT_GT(reader->session().PromptAhead().size(), left - 6);  // the writer has yet to begin
  scheduler.Step();
  EXPECT_GE(reader->session().PromptAhead().size(), left - 9);
}

TEST(Scheduler, PromptOfALargeModel_LeavesThatOfASmallOneItsReading) {
  const auto large = ModelOf(CellType::kLstm, DecodePrecision::kF32, /*hidden=*/768);
  const auto small = ModelOf(CellType::kLstm);
  Scheduler scheduler;
  scheduler.Add(NewText(small, 1, 1000, {1}));  // so that little is read ahead
  scheduler.Add(NewText(large, 2, 1, std::vector<int32_t>(50, 2)));
  const auto text = NewText(small, 3, 1, std::vector<int32_t>(100, 2));
  scheduler.Add(text);
  while (!text->ended) scheduler.Step();
  EXPECT_LE(text->steps, 4);
}

TEST(Scheduler, LongPrompt_TakesFewSteps) {
  const auto text = NewText(ModelOf(CellType::kLstm), 1, 1, std::vector<int32_t>(100, 2));
  Scheduler scheduler;
  scheduler.Add(text);
  while (scheduler.size() > 0) scheduler.Step();
  EXPECT_LE(text->steps, 4);
}

TEST(Scheduler, LongPrompt_LeavesShortOnesTheirReading) {
  const auto model = ModelOf(CellType::kLstm);
  Scheduler scheduler;
  scheduler.Add(NewText(model, 1, 1, std::vector<int32_t>(5000, 2)));
  scheduler.Step();
  const auto text = NewText(model, 2, 1, std::vector<int32_t>(100, 2));
  scheduler.Add(text);
  while (!text->ended) scheduler.Step();
  EXPECT_LE(text->steps, 4);
}

TEST(Scheduler, CancelledText_LeavesWithoutAnotherStep) {
  const auto model = ModelOf(CellType::kLstm);
  std::vector<std::shared_ptr<ScheduledText>> texts;
  Scheduler scheduler;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(NewText(model, i, 1000));
    scheduler.Add(texts.back());
  }
  EXPECT_EQ(scheduler.Step(), 0);
  for (int i = 0; i < 300; i += 2) texts[i]->cancelled = true;
  EXPECT_EQ(scheduler.Step(), 150);
  EXPECT_EQ(scheduler.size(), 150);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(texts[i]->steps, i % 2 == 0 ? 1 : 2);
  EXPECT_EQ(texts[0].use_count(), 1);
}

TEST(Scheduler, EndedText_LeavesInTheStepThatEndedIt) {
  const auto model = ModelOf(CellType::kLstm);
  const auto text = NewText(model, 1, 1, {1});
  Scheduler scheduler;
  scheduler.Add(text);
  EXPECT_EQ(scheduler.size(), 1);
  EXPECT_EQ(scheduler.Step(), 1);
  EXPECT_EQ(scheduler.size(), 0);
  EXPECT_TRUE(text->ended);
  EXPECT_EQ(scheduler.Step(), 0);
}

TEST(Scheduler, ModelOfItsLastText_GoesWithIt) {
  auto model = ModelOf(CellType::kLstm);
  const std::weak_ptr<const LanguageModel> watched = model;
  auto text = NewText(model, 1, 2, {1});
  model.reset();
  Scheduler scheduler;
  scheduler.Add(std::move(text));
  scheduler.Step();
  EXPECT_FALSE(watched.expired());
  scheduler.Step();
  EXPECT_TRUE(watched.expired());
}

TEST(Scheduler, Take_GivesEveryTextOnce) {
  const auto one = ModelOf(CellType::kLstm);
  const auto two = ModelOf(CellType::kRnnTanh);
  Scheduler scheduler;
  EXPECT_EQ(scheduler.Take(), nullptr);
  std::vector<std::shared_ptr<Scheduler::Text>> added;
  for (int i = 0; i < 5; ++i) {
    added.push_back(NewText(i < 2 ? one : two, i, 10));
    scheduler.Add(added.back());
  }
  std::vector<std::shared_ptr<Scheduler::Text>> taken;
  while (auto text = scheduler.Take()) taken.push_back(std::move(text));
  EXPECT_EQ(scheduler.size(), 0);
  EXPECT_THAT(taken, testing::UnorderedElementsAreArray(added));
}

TEST(Scheduler, SchedulersSideBySide_ShareAModel) {
  const auto model = ModelOf(CellType::kLstm);
  constexpr int kThreads = 4;
  constexpr int kTexts = 20;
  std::vector<std::string> texts(kThreads * kTexts);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Scheduler scheduler;
      std::vector<std::shared_ptr<ScheduledText>> mine;
      for (int i = 0; i < kTexts; ++i) {
        mine.push_back(NewText(model, thread * kTexts + i, 30));
        scheduler.Add(mine.back());
      }
      while (scheduler.size() > 0) scheduler.Step();
      for (int i = 0; i < kTexts; ++i) texts[thread * kTexts + i] = mine[i]->text;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int seed = 0; seed < kThreads * kTexts; ++seed) {
    EXPECT_EQ(texts[seed], Alone(NewSession(model, seed, 30)));
  }
}

}  // namespace
}  // namespace runnel
