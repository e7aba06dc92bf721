#include "core/generate/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/generate/scorer.h"
#include "core/generate/single_stream.h"
#include "core/math/random.h"
#include "tests/core/math/targets.h"

namespace runnel {
namespace {

constexpr char32_t kLetters[] = U"\n abcdefghij\u00E9\u4E16";

Vocabulary Letters() {
  return Vocabulary::FromCodePoints({std::begin(kLetters), std::end(kLetters) - 1}).value();
}

// Random weights, strong enough that texts depend on what was read.
std::shared_ptr<const LanguageModel> RandomModel(CellType cell,
                                                 DecodePrecision precision = DecodePrecision::kF32,
                                                 int hidden = 24) {
  auto model = std::make_shared<LanguageModel>();
  model->vocabulary = Letters();
  const auto network = MakeNetwork<float>({.cell = cell, .num_layers = 2, .hidden_size = hidden},
                                          model->vocabulary.size());
  std::vector<float> parameters(network->layout().size());
  InitializeParameters(network->layout(), Initialization::kUniformFanHidden, hidden, 8,
                       parameters.data());
  for (float& parameter : parameters) parameter *= 5;
  model->decoder = network->NewDecoder(parameters.data(), precision);
  return model;
}

Session NewSession(const std::shared_ptr<const LanguageModel>& model, uint64_t seed, int max_chars,
                   std::vector<int32_t> prompt = {1, 2, 3}) {
  return Session(model, {.seed = seed, .max_chars = max_chars}, std::move(prompt));
}

std::string Alone(Session session) { return SingleStream(std::move(session)).WriteAll(); }

struct FakeText : Scheduler::Text {
  explicit FakeText(Session s) : written_by(std::move(s)) {}

  Session& session() override { return written_by; }
  bool GoesOn() override { return !cancelled; }
  bool OnStep(Event event, absl::string_view written) override {
    ++steps;
    text.append(written.data(), written.size());
    ended = event == Event::kEnd;
    if (ended) return false;
    return steps % pause_every != 0;
  }

  Session written_by;
  std::string text;
  int64_t steps = 0;
  int64_t pause_every = 1'000'000'000;
  bool cancelled = false;
  bool ended = false;
};

std::shared_ptr<FakeText> NewText(const std::shared_ptr<const LanguageModel>& model, uint64_t seed,
                                  int max_chars, std::vector<int32_t> prompt = {1, 2, 3}) {
  return std::make_shared<FakeText>(NewSession(model, seed, max_chars, std::move(prompt)));
}

// Texts of the seeds 0, 1, ..., each written to its end among the others.
std::vector<std::shared_ptr<FakeText>> WriteTogether(
    const std::shared_ptr<const LanguageModel>& model, int count, int max_chars) {
  Scheduler scheduler;
  std::vector<std::shared_ptr<FakeText>> texts;
  for (int seed = 0; seed < count; ++seed) {
    texts.push_back(NewText(model, seed, max_chars));
    scheduler.Add(texts.back());
  }
  while (scheduler.size() > 0) scheduler.Step();
  return texts;
}

TEST(Scheduler, Text_IsTheSameAloneAndAmongAThousandThatComeAndGo) {
  for (const DecodePrecision precision : kDecodePrecisions) {
    const auto model = RandomModel(CellType::kLstm, precision);
    const auto other = RandomModel(CellType::kGruResetAfter, precision);
    constexpr int kTexts = 1000;
    std::vector<std::shared_ptr<FakeText>> texts;
    Scheduler scheduler;
    Scheduler neighbour;
    for (uint64_t round = 0; texts.size() < kTexts || scheduler.size() + neighbour.size() > 0;
         ++round) {
      const auto joining = static_cast<int>(RandomUniform(1, 0, round) * 80);
      for (int i = 0; i < joining && texts.size() < kTexts; ++i) {
        const auto seed = static_cast<int>(texts.size());
        texts.push_back(NewText(seed % 3 == 0 ? other : model, seed, 5 + seed % 40,
                                std::vector<int32_t>(1 + seed % 11, seed % 12)));
        if (seed % 7 == 0) texts.back()->pause_every = 4;
        scheduler.Add(texts.back());
      }
      if (round % 3 == 0 && scheduler.size() > 0) neighbour.Add(scheduler.Take());
      scheduler.Step();
      neighbour.Step();
      for (const auto& text : texts) {
        if (text->ended || text->steps == 0 || text->steps % text->pause_every != 0) continue;
        ++text->pause_every;  // wakes once from this pause
        scheduler.Add(text);
      }
    }
    for (int seed = 0; seed < kTexts; ++seed) {
      ASSERT_TRUE(texts[seed]->ended);
      ASSERT_EQ(texts[seed]->text,
                Alone(NewSession(seed % 3 == 0 ? other : model, seed, 5 + seed % 40,
                                 std::vector<int32_t>(1 + seed % 11, seed % 12))))
          << "seed " << seed;
    }
  }
}

TEST(Scheduler, TextInCompany_IsAsLikelyAsScoreSays) {
  for (const CellType cell : kCellTypes) {
    for (const DecodePrecision precision : kDecodePrecisions) {
      const auto model = RandomModel(cell, precision);
      for (const auto& text : WriteTogether(model, 20, 60)) {
        const auto encoded = model->vocabulary.Encode(text->text, Vocabulary::Unknown::kIsError);
        const auto scorer = MakeScorer(model, {1, 2, 3}, encoded.value().ids);
        while (!scorer->Advance()) {
        }
        const std::vector<double>& logprobs = scorer->char_logprobs();
        EXPECT_NEAR(std::accumulate(logprobs.begin(), logprobs.end(), 0.0),
                    text->written_by.logprob(), 1e-9)
            << CellTypeName(cell) << ", " << DecodePrecisionName(precision);
      }
    }
  }
}

TEST(Scheduler, Text_IsTheSameOnEveryTargetWithFusedMultiplyAdd) {
  for (const CellType cell : kCellTypes) {
    for (const DecodePrecision precision : kDecodePrecisions) {
      std::string expected;
      for (const int64_t target : FusedTargets()) {
        const ScopedTarget scoped(target);
        const auto model = RandomModel(cell, precision);
        std::string all;
        for (const auto& text : WriteTogether(model, 9, 100)) all += text->text;
        if (expected.empty()) expected = all;
        EXPECT_EQ(all, expected) << CellTypeName(cell) << ", " << hwy::TargetName(target);
      }
    }
  }
}

TEST(Scheduler, LongPrompt_HoldsNobodyUp) {
  const auto model = RandomModel(CellType::kLstm);
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

TEST(Scheduler, PromptOfAnyLength_GivesTheTextOfReadingItStepByStep) {
  const auto prompt = [](int length) {
    std::vector<int32_t> ids(length);
    std::iota(ids.begin(), ids.end(), length);
    for (int32_t& id : ids) id %= static_cast<int32_t>(std::size(kLetters)) - 1;
    return ids;
  };
  for (const CellType cell : kCellTypes) {
    for (const DecodePrecision precision : kDecodePrecisions) {
      const auto model = RandomModel(cell, precision);
      // Few enough at a time that all are read ahead.
      for (const int shortest : {1, 37, 73}) {
        Scheduler scheduler;
        std::vector<std::shared_ptr<FakeText>> texts;
        for (int i = 0; i < 6; ++i) {
          texts.push_back(NewText(model, i, 20, prompt(shortest + 7 * i)));
          scheduler.Add(texts.back());
        }
        while (scheduler.size() > 0) scheduler.Step();
        for (int i = 0; i < 6; ++i) {
          EXPECT_EQ(texts[i]->text, Alone(NewSession(model, i, 20, prompt(shortest + 7 * i))))
              << CellTypeName(cell) << ", " << DecodePrecisionName(precision) << ", " << shortest
              << ", " << i;
        }
      }
    }
  }
}

TEST(Scheduler, LongPromptOfALargeModel_IsReadAheadByLittleWhileOthersWrite) {
  const auto model = RandomModel(CellType::kLstm, DecodePrecision::kF32, /*hidden=*/512);
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

TEST(Scheduler, LongPrompt_TakesFewSteps) {
  const auto text = NewText(RandomModel(CellType::kLstm), 1, 1, std::vector<int32_t>(100, 2));
  Scheduler scheduler;
  scheduler.Add(text);
  while (scheduler.size() > 0) scheduler.Step();
  EXPECT_LE(text->steps, 4);
}

TEST(Scheduler, LongPrompt_LeavesShortOnesTheirReading) {
  const auto model = RandomModel(CellType::kLstm);
  Scheduler scheduler;
  scheduler.Add(NewText(model, 1, 1, std::vector<int32_t>(5000, 2)));
  scheduler.Step();
  const auto text = NewText(model, 2, 1, std::vector<int32_t>(100, 2));
  scheduler.Add(text);
  while (!text->ended) scheduler.Step();
  EXPECT_LE(text->steps, 4);
}

TEST(Scheduler, CancelledText_LeavesWithoutAnotherStep) {
  const auto model = RandomModel(CellType::kLstm);
  std::vector<std::shared_ptr<FakeText>> texts;
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
  const auto model = RandomModel(CellType::kLstm);
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
  auto model = RandomModel(CellType::kLstm);
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
  const auto one = RandomModel(CellType::kLstm);
  const auto two = RandomModel(CellType::kRnnTanh);
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
  const auto model = RandomModel(CellType::kLstm);
  constexpr int kThreads = 4;
  constexpr int kTexts = 20;
  std::vector<std::string> texts(kThreads * kTexts);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Scheduler scheduler;
      std::vector<std::shared_ptr<FakeText>> mine;
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
