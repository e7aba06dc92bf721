// A session whose text must match a pattern, or may not have some characters.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <set>
#include <string>
#include <vector>

#include "core/text/utf8.h"
#include "tests/core/generate/written_text.h"

namespace runnel {
namespace {

TEST(SessionPattern, EveryTextThatEndsCompleteMatches) {
  const std::vector<ModelPtr> models = {LettersModel(), RandomModel(Vocabulary::Bytes())};
  for (const char* expression : {"[a-d]{4}-?[ab]{2}", "(ab|c\xC3\xA9){3}", "[^a]{5}", ".{3,9}a",
                                 "a|bb|ccc|", "[\xC3\xA9\xE4\xB8\x96]{6}", "a*b"}) {
    std::set<FinishReason> reasons;
    for (uint64_t seed = 0; seed < 60; ++seed) {
      const ModelPtr& model = models[seed % 2];
      const Outcome outcome = Write(model, {.sampler = {.temperature = seed % 5 == 0 ? 0.0f : 1.5f},
                                            .seed = seed,
                                            .max_chars = 40,
                                            .pattern = Parsed(expression)});
      reasons.insert(outcome.reason);
      if (outcome.reason == FinishReason::kPatternComplete) {
        ASSERT_TRUE(RE2::FullMatch(outcome.text, expression)) << outcome.text;
      } else {
        ASSERT_EQ(outcome.reason, FinishReason::kLength);
        ASSERT_EQ(DecodeUtf8(outcome.text)->size(), 40u);
      }
    }
    EXPECT_EQ(reasons.count(FinishReason::kPatternComplete), 1u) << expression;
  }
}

TEST(SessionPattern, GivesOnlyDates) {
  std::vector<char32_t> characters = {U'\n', U'-'};
  for (char32_t c = U'0'; c <= U'9'; ++c) characters.push_back(c);
  for (char32_t c = U'a'; c <= U'z'; ++c) characters.push_back(c);
  const ModelPtr model = RandomModel(Vocabulary::FromCodePoints(characters).value());
  std::set<std::string> dates;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome outcome =
        Write(model, {.seed = seed, .max_chars = 10, .pattern = Parsed("\\d{4}-\\d{2}-\\d{2}")});
    EXPECT_EQ(outcome.reason, FinishReason::kPatternComplete);
    EXPECT_TRUE(RE2::FullMatch(outcome.text, "\\d{4}-\\d{2}-\\d{2}")) << outcome.text;
    dates.insert(outcome.text);
  }
  EXPECT_GT(dates.size(), 5u);
}

TEST(SessionPattern, WithoutAWayToAMatch_IsImpossible) {
  const Outcome outcome = Write(LettersModel(), {.pattern = Parsed("[0-9]+")});
  EXPECT_EQ(outcome.text, "");
  EXPECT_EQ(outcome.reason, FinishReason::kPatternImpossible);
  EXPECT_EQ(outcome.logprob, 0);
}

TEST(SessionPattern, OfTheEmptyText_IsCompleteAtOnce) {
  for (const char* expression : {"()", "x*", "$"}) {
    const Outcome outcome = Write(LettersModel(), {.pattern = Parsed(expression)});
    EXPECT_EQ(outcome.text, "");
    EXPECT_EQ(outcome.reason, FinishReason::kPatternComplete) << expression;
  }
}

TEST(SessionPattern, AndStopSequence_EndAtWhatComesFirst) {
  SamplingOptions options = {.max_chars = 100, .pattern = Parsed("a{5}")};
  options.stops = Stops({"aaa"});
  const Outcome outcome = Write(LettersModel(), options);
  EXPECT_EQ(outcome.text, "");
  EXPECT_EQ(outcome.reason, FinishReason::kStopSequence);
}

TEST(SessionPattern, ForbiddenCharacters_AreNeverWritten) {
  for (const ModelPtr& model : {LettersModel(), RandomModel(Vocabulary::Bytes())}) {
    SamplingOptions options = {.sampler = {.temperature = 2}, .max_chars = 600};
    options.logit_bias = Biased({}, {U'a', U'\u00E9', U'\u4E16', U' '});
    const std::string text = Write(model, options).text;
    for (const char* forbidden : {"a", " ", "\xC3\xA9", "\xE4\xB8\x96"}) {
      EXPECT_EQ(text.find(forbidden), std::string::npos);
    }
    options.pattern = Parsed("[a\xC3\xA9x]?[a-c]{4}");
    const Outcome outcome = Write(model, options);
    EXPECT_EQ(outcome.reason, FinishReason::kPatternComplete);
    EXPECT_EQ(outcome.text.find('a'), std::string::npos);
  }
}

TEST(SessionPattern, ForbiddingAll_IsAViolation) {
  SamplingOptions options;
  options.logit_bias = Biased({}, {U'\n', U' ', U'a', U'b', U'c', U'd', U'\u00E9', U'\u4E16'});
  PatternCache patterns;
  Violations violations;
  BindToVocabulary(LettersModel()->vocabulary, &patterns, &options, &violations);
  ASSERT_EQ(violations.list().size(), 1u);
  EXPECT_EQ(violations.list()[0].field, "logit_bias");
}

}  // namespace
}  // namespace runnel
