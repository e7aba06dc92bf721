// A text is the same alone and in company, whatever its options, on every instruction set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/reading/make_scorer.h"
#include "tests/core/generate/scheduled_text.h"
#include "tests/core/math/targets.h"
#include "tests/core/pattern/parsed.h"

namespace runnel {
namespace {

using ModelPtr = std::shared_ptr<const LanguageModel>;

// One of each kind of vocabulary and of each precision, of several sizes.
std::vector<ModelPtr> Models() {
  const auto documents = [](const Vocabulary& characters, int min_char_count) {
    return characters.With(
        {.kind = characters.kind(), .min_char_count = min_char_count, .document_separator = "\n"});
  };
  return {ModelOf(CellType::kLstm),
          ModelOf(CellType::kGruResetAfter, DecodePrecision::kBf16),
          ModelOf(CellType::kLstmPeephole, DecodePrecision::kInt8, /*hidden=*/37),
          RandomModel(Vocabulary::Bytes(), /*digest=*/2, DecodePrecision::kInt8),
          RandomModel(documents(ManyLetters(), 2), /*digest=*/3),
          RandomModel(documents(Vocabulary::Bytes(), 1), /*digest=*/4)};
}

// Any mix of everything that can be asked of a text.
class RandomTexts {
 public:
  explicit RandomTexts(std::vector<ModelPtr> models) : models_(std::move(models)) {}

  Session NewSession(uint32_t text) {
    std::mt19937 random(text);
    const auto uniform = [&] { return static_cast<float>((random() >> 8) * 0x1p-24); };
    const auto now_and_then = [&] { return random() % 3 == 0; };
    const ModelPtr& model = models_[text % models_.size()];
    SamplingOptions options = {.seed = random(),
                               .max_chars = static_cast<int64_t>(1 + random() % 60)};
    options.sample_index = random() % 3;
    if (now_and_then()) options.sampler.temperature = 2 * uniform();
    if (now_and_then()) options.sampler.temperature = 0;
    if (now_and_then()) options.sampler.top_k = static_cast<int32_t>(1 + random() % 9);
    if (now_and_then()) options.sampler.top_p = 0.3f + 0.7f * uniform();
    if (now_and_then()) options.sampler.min_p = 0.2f * uniform();
    if (now_and_then()) options.repetition_penalty = 0.5f + 2 * uniform();
    if (now_and_then()) options.top_logprobs = static_cast<int>(random() % 6);
    if (now_and_then()) options.pattern = Parsed("(?s)([a-d]|[^a-d]{2})*\xC3\xA9?");
    options.return_state = now_and_then();
    if (now_and_then()) {
      options.stops = StopSequences::Create({"abc", "bb", "a\xC3\xA9", "d \n", "c "}).value();
      options.include_stop = random() % 2 == 0;
    }
    if (now_and_then()) {
      auto bias = std::make_shared<LogitBias>();
      bias->entries = {{U'a', 3 * uniform()}, {U'\u00E9', -3 * uniform()}};
      if (now_and_then()) bias->forbidden = CodePointSet::Of({{U'e', U'j'}});
      options.logit_bias = std::move(bias);
    }
    Violations violations;
    BindToVocabulary(model->vocabulary, &patterns_, &options, &violations);
    EXPECT_TRUE(violations.empty());
    std::string prompt;
    for (uint32_t i = random() % 12; i > 0; --i) prompt += "ab\xC3\xA9 d";
    return Session(model, options,
                   model->vocabulary.Encode(prompt, Vocabulary::Unknown::kIsSkipped)->ids);
  }

 private:
  std::vector<ModelPtr> models_;
  PatternCache patterns_;
};

// All that a session tells of its text.
auto Facts(Session& session) {
  std::vector<std::tuple<char32_t, double>> logprobs;
  for (const CharLogprob& character : session.TakeLogprobs()) {
    logprobs.emplace_back(character.character, character.logprob);
    for (const CharAlternative& alternative : character.alternatives) {
      logprobs.emplace_back(alternative.character, alternative.logprob);
    }
  }
  return std::tuple(session.finish_reason(), session.matched_stop(), session.generated_chars(),
                    session.logprob(), logprobs, session.Save());
}

TEST(SchedulerExactness, AnyText_IsTheSameAloneAndAmongAThousandThatComeAndGo) {
  constexpr uint32_t kTexts = 1000;
  RandomTexts random_texts(Models());
  std::vector<std::shared_ptr<ScheduledText>> texts;
  Scheduler scheduler;
  Scheduler neighbour;
  std::mt19937 random(1);
  while (texts.size() < kTexts || scheduler.size() + neighbour.size() > 0) {
    for (uint32_t joining = random() % 80; joining > 0 && texts.size() < kTexts; --joining) {
      const auto text = static_cast<uint32_t>(texts.size());
      texts.push_back(std::make_shared<ScheduledText>(random_texts.NewSession(text)));
      if (text % 7 == 0) texts.back()->pause_every = 4;
      scheduler.Add(texts.back());
    }
    if (random() % 3 == 0 && scheduler.size() > 0) neighbour.Add(scheduler.Take());
    if (random() % 3 == 0 && !texts.empty()) texts[random() % texts.size()]->cancelled = true;
    scheduler.Step();
    neighbour.Step();
    for (const auto& text : texts) {
      if (text->ended || text->steps == 0 || text->steps % text->pause_every != 0) continue;
      ++text->pause_every;  // wakes once from this pause
      scheduler.Add(text);
    }
  }
  int whole = 0;
  for (uint32_t i = 0; i < kTexts; ++i) {
    SingleStream alone(random_texts.NewSession(i));
    const std::string text = alone.WriteAll();
    if (texts[i]->cancelled && !texts[i]->ended) {
      EXPECT_EQ(texts[i]->text, text.substr(0, texts[i]->text.size())) << i;
      continue;
    }
    ++whole;
    ASSERT_TRUE(texts[i]->ended);
    ASSERT_EQ(texts[i]->text, text) << i;
    ASSERT_EQ(Facts(texts[i]->written_by), Facts(alone.session())) << i;
  }
  EXPECT_GT(whole, 800);
  EXPECT_LT(whole, 1000);
}

TEST(SchedulerExactness, TextInCompany_IsAsLikelyAsScoreSays) {
  for (const CellType cell : kCellTypes) {
    for (const DecodePrecision precision : kDecodePrecisions) {
      const auto model = ModelOf(cell, precision);
      for (const auto& text : WriteTogether(model, 20, 60)) {
        const auto encoded = model->vocabulary.Encode(text->text, Vocabulary::Unknown::kIsError);
        const auto scorer = MakeScorer(model, {1, 2, 3}, encoded.value().ids);
        while (!scorer->Advance().value()) {
        }
        const std::vector<double>& logprobs = scorer->char_logprobs();
        EXPECT_NEAR(std::accumulate(logprobs.begin(), logprobs.end(), 0.0),
                    text->written_by.logprob(), 1e-9)
            << CellTypeName(cell) << ", " << DecodePrecisionName(precision);
      }
    }
  }
}

TEST(SchedulerExactness, Text_IsTheSameOnEveryTargetWithFusedMultiplyAdd) {
  for (const CellType cell : kCellTypes) {
    for (const DecodePrecision precision : kDecodePrecisions) {
      std::string expected;
      for (const int64_t target : FusedTargets()) {
        const ScopedTarget scoped(target);
        const auto model = ModelOf(cell, precision);
        std::string all;
        for (const auto& text : WriteTogether(model, 9, 100)) all += text->text;
        if (expected.empty()) expected = all;
        EXPECT_EQ(all, expected) << CellTypeName(cell) << ", " << hwy::TargetName(target);
      }
    }
  }
}

TEST(SchedulerExactness, PromptOfAnyLength_GivesTheTextOfReadingItStepByStep) {
  const auto prompt = [](int length) {
    std::vector<int32_t> ids(length);
    std::iota(ids.begin(), ids.end(), length);
    for (int32_t& id : ids) id %= kLetterCount;
    return ids;
  };
  for (const CellType cell : kCellTypes) {
    for (const DecodePrecision precision : kDecodePrecisions) {
      const auto model = ModelOf(cell, precision);
      // Few enough at a time that all are read ahead.
      for (const int shortest : {1, 37, 73}) {
        Scheduler scheduler;
        std::vector<std::shared_ptr<ScheduledText>> texts;
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

}  // namespace
}  // namespace runnel
