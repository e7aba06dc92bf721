// A session with its options, compared with a plain loop over what they mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/generate/single_stream.h"
#include "core/math/random.h"
#include "core/text/utf8.h"
#include "tests/core/generate/random_model.h"

namespace runnel {
namespace {

using testing::ElementsAre;

using ModelPtr = std::shared_ptr<const LanguageModel>;

struct Outcome {
  std::string text;
  FinishReason reason = FinishReason::kNone;
  std::string matched_stop;
  double logprob = 0;
};

Outcome Write(const ModelPtr& model, SamplingOptions options, const std::string& prompt = "") {
  PatternCache patterns;
  Violations violations;
  BindToVocabulary(model->vocabulary, &patterns, &options, &violations);
  EXPECT_TRUE(violations.empty()) << violations.list().front().description;
  SingleStream stream(Session(
      model, options, model->vocabulary.Encode(prompt, Vocabulary::Unknown::kIsError)->ids));
  Outcome outcome = {.text = stream.WriteAll()};
  outcome.reason = stream.session().finish_reason();
  outcome.matched_stop = stream.session().matched_stop();
  outcome.logprob = stream.session().logprob();
  return outcome;
}

std::shared_ptr<const LogitBias> Biased(std::vector<LogitBias::Entry> entries,
                                        const std::vector<char32_t>& forbidden = {}) {
  auto bias = std::make_shared<LogitBias>();
  bias->entries = std::move(entries);
  std::vector<CodePointRange> ranges;
  for (const char32_t c : forbidden) ranges.push_back({c, c});
  bias->forbidden = CodePointSet::Of(std::move(ranges));
  return bias;
}

std::shared_ptr<const StopSequences> Stops(const std::vector<std::string>& sequences) {
  return StopSequences::Create(sequences).value();
}

// What the whole text would be without stop sequences: symbol by symbol, the text so far read anew
// for what it means each time.
Outcome OracleText(const LanguageModel& model, const SamplingOptions& options,
                   const std::string& prompt) {
  const bool is_bytes = model.vocabulary.kind() == VocabularyKind::kBytes;
  std::vector<float> state(model.decoder->state_size());
  std::vector<float> logits(model.vocabulary.size());
  float* pointer = state.data();
  const auto read = [&](int32_t id) {
    model.decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
  };
  const std::vector<int32_t> prompt_ids =
      model.vocabulary.Encode(prompt, Vocabulary::Unknown::kIsError)->ids;
  if (prompt.empty() || model.vocabulary.EndOfDocumentId()) read(model.vocabulary.StartId());
  for (const int32_t id : prompt_ids) read(id);

  Outcome outcome;
  std::string partial;
  int64_t chars = 0;
  for (uint64_t position = 0; chars < options.max_chars; ++position) {
    std::vector<char32_t> recent = DecodeUtf8(prompt + outcome.text).value();
    if (recent.size() > 64) recent.erase(recent.begin(), recent.end() - 64);
    std::vector<LogitOffset> offsets;
    std::vector<uint8_t> allowed;
    for (int id = 0; id < model.vocabulary.size(); ++id) {
      std::string bytes = partial;
      model.vocabulary.AppendText(id, &bytes);
      const auto decoded = DecodeUtf8(bytes);
      Utf8Machine utf8;
      bool valid = true;
      for (const char byte : bytes) {
        valid = valid && utf8.Accepts(static_cast<uint8_t>(byte));
        if (valid) utf8.Advance(static_cast<uint8_t>(byte));
      }
      allowed.push_back(valid);
      if (!decoded.ok()) continue;
      const char32_t character = decoded->front();
      double nats = 0;
      if (options.logit_bias != nullptr) {
        for (const auto& entry : options.logit_bias->entries) {
          if (entry.character == character) nats += entry.nats;
        }
        if (!is_bytes && options.logit_bias->forbidden.Contains(character)) allowed.back() = 0;
      }
      if (std::count(recent.begin(), recent.end(), character) > 0) {
        nats -= std::log(options.repetition_penalty);
      }
      if (nats != 0) offsets.push_back({id, nats});
    }
    Sampler sampler;
    const Draw draw = sampler.Next<float>(logits,
                                          {.temperature = options.temperature,
                                           .top_k = options.top_k,
                                           .top_p = options.top_p,
                                           .min_p = options.min_p},
                                          offsets, RandomUniform(options.seed, 0, position),
                                          allowed, is_bytes ? allowed : std::vector<uint8_t>());
    outcome.logprob += draw.logprob;
    model.vocabulary.AppendText(draw.id, &partial);
    read(draw.id);
    if (!DecodeUtf8(partial).ok()) continue;
    outcome.text += partial;
    partial.clear();
    ++chars;
  }
  return outcome;
}

TEST(SessionOptions, RandomMixes_WriteTheOraclesText) {
  std::mt19937 random(5);
  const auto uniform = [&] { return static_cast<float>((random() >> 8) * 0x1p-24); };
  const std::vector<ModelPtr> models = {LettersModel(), RandomModel(Vocabulary::Bytes())};
  for (int i = 0; i < 120; ++i) {
    const ModelPtr& model = models[i % 2];
    SamplingOptions options = {.seed = random(),
                               .max_chars = static_cast<int64_t>(1 + random() % 90)};
    constexpr float kTemperatures[] = {1, 0.7f, 0, 2};
    options.temperature = kTemperatures[random() % 4];
    if (random() % 2 == 0) options.top_k = static_cast<int32_t>(1 + random() % 10);
    if (random() % 2 == 0) options.top_p = 0.3f + 0.7f * uniform();
    if (random() % 3 == 0) options.min_p = 0.2f * uniform();
    if (random() % 2 == 0) options.repetition_penalty = 0.5f + 2 * uniform();
    if (random() % 2 == 0) {
      options.logit_bias =
          Biased({{U'a', 3 * uniform()}, {U'\u00E9', -3 * uniform()}},
                 i % 2 == 0 ? std::vector<char32_t>{U'b', U'\u4E16'} : std::vector<char32_t>{});
    }
    const std::string prompt = random() % 2 == 0 ? "" : "abc \xC3\xA9 d";
    const Outcome oracle = OracleText(*model, options, prompt);
    const Outcome outcome = Write(model, options, prompt);
    ASSERT_EQ(outcome.text, oracle.text) << i;
    ASSERT_EQ(outcome.reason, FinishReason::kLength);
    ASSERT_NEAR(outcome.logprob, oracle.logprob, 1e-9);
  }
}

TEST(SessionOptions, StopSequence_EndsTheVeryTextThatWouldHaveGoneOn) {
  const ModelPtr model = LettersModel();
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SamplingOptions options = {.seed = seed, .max_chars = 200};
    const std::string whole = Write(model, options).text;
    options.stops = Stops({"ab", "c\xC3\xA9", "dd"});
    for (const bool include : {false, true}) {
      options.include_stop = include;
      const Outcome outcome = Write(model, options);
      size_t first = std::string::npos;
      std::string which;
      for (const std::string stop : {"ab", "c\xC3\xA9", "dd"}) {
        const size_t at = whole.find(stop);
        if (at < first) {
          first = at;
          which = stop;
        }
      }
      if (first == std::string::npos) {
        EXPECT_EQ(outcome.text, whole);
        EXPECT_EQ(outcome.reason, FinishReason::kLength);
        continue;
      }
      EXPECT_EQ(outcome.text, whole.substr(0, include ? first + which.size() : first));
      EXPECT_EQ(outcome.reason, FinishReason::kStopSequence);
      EXPECT_EQ(outcome.matched_stop, which);
    }
  }
}

TEST(SessionOptions, StopSequence_IsNeverSeenInAPiece) {
  const ModelPtr model = LettersModel();
  const std::string whole = Write(model, {.seed = 3, .max_chars = 80}).text;
  const std::string rest = whole.substr(Utf8Prefix(whole, 30).size());
  const std::string short_stop(Utf8Prefix(rest, 9));
  SingleStream stream(
      Session(model, {.seed = 3, .max_chars = 80, .stops = Stops({short_stop})}, {}));
  std::string text;
  while (stream.Step(&text) != Event::kEnd) {
    EXPECT_EQ(whole.compare(0, text.size(), text), 0);
    EXPECT_LE(text.size(), whole.find(short_stop));
  }
  EXPECT_EQ(text, whole.substr(0, whole.find(short_stop)));
}

TEST(SessionOptions, Logprob_LeavesOutAStopThatIsNoPartOfTheText) {
  const ModelPtr model = LettersModel();
  SamplingOptions options = {.seed = 1, .max_chars = 200, .top_logprobs = 0};
  options.stops = Stops({"a"});
  SingleStream stream(Session(model, options, {}));
  const std::string text = stream.WriteAll();
  ASSERT_EQ(stream.session().finish_reason(), FinishReason::kStopSequence);
  double sum = 0;
  std::string joined;
  for (const CharLogprob& character : stream.session().TakeLogprobs()) {
    AppendUtf8(character.character, &joined);
    sum += character.logprob;
    EXPECT_TRUE(character.alternatives.empty());
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(sum, stream.session().logprob());
}

TEST(SessionOptions, Pattern_EveryTextThatEndsCompleteMatches) {
  const std::vector<ModelPtr> models = {LettersModel(), RandomModel(Vocabulary::Bytes())};
  for (const char* expression : {"[a-d]{4}-?[ab]{2}", "(ab|c\xC3\xA9){3}", "[^a]{5}", ".{3,9}a",
                                 "a|bb|ccc|", "[\xC3\xA9\xE4\xB8\x96]{6}", "a*b"}) {
    std::set<FinishReason> reasons;
    for (uint64_t seed = 0; seed < 60; ++seed) {
      const ModelPtr& model = models[seed % 2];
      const Outcome outcome = Write(model, {.temperature = seed % 5 == 0 ? 0.0f : 1.5f,
                                            .seed = seed,
                                            .max_chars = 40,
                                            .pattern = expression});
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

TEST(SessionOptions, Pattern_GivesOnlyDates) {
  std::vector<char32_t> characters = {U'\n', U'-'};
  for (char32_t c = U'0'; c <= U'9'; ++c) characters.push_back(c);
  for (char32_t c = U'a'; c <= U'z'; ++c) characters.push_back(c);
  const ModelPtr model = RandomModel(Vocabulary::FromCodePoints(characters).value());
  std::set<std::string> dates;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome outcome =
        Write(model, {.seed = seed, .max_chars = 10, .pattern = "\\d{4}-\\d{2}-\\d{2}"});
    EXPECT_EQ(outcome.reason, FinishReason::kPatternComplete);
    EXPECT_TRUE(RE2::FullMatch(outcome.text, "\\d{4}-\\d{2}-\\d{2}")) << outcome.text;
    dates.insert(outcome.text);
  }
  EXPECT_GT(dates.size(), 5u);
}

TEST(SessionOptions, Pattern_WithoutAWayToAMatch_IsImpossible) {
  const Outcome outcome = Write(LettersModel(), {.pattern = "[0-9]+"});
  EXPECT_EQ(outcome.text, "");
  EXPECT_EQ(outcome.reason, FinishReason::kPatternImpossible);
  EXPECT_EQ(outcome.logprob, 0);
}

TEST(SessionOptions, Pattern_OfTheEmptyText_IsCompleteAtOnce) {
  for (const char* expression : {"()", "x*", "$"}) {
    const Outcome outcome = Write(LettersModel(), {.pattern = expression});
    EXPECT_EQ(outcome.text, "");
    EXPECT_EQ(outcome.reason, FinishReason::kPatternComplete) << expression;
  }
}

TEST(SessionOptions, Pattern_AndStopSequence_EndAtWhatComesFirst) {
  SamplingOptions options = {.max_chars = 100, .pattern = "a{5}"};
  options.stops = Stops({"aaa"});
  const Outcome outcome = Write(LettersModel(), options);
  EXPECT_EQ(outcome.text, "");
  EXPECT_EQ(outcome.reason, FinishReason::kStopSequence);
}

TEST(SessionOptions, ForbiddenCharacters_AreNeverWritten) {
  for (const ModelPtr& model : {LettersModel(), RandomModel(Vocabulary::Bytes())}) {
    SamplingOptions options = {.temperature = 2, .max_chars = 600};
    options.logit_bias = Biased({}, {U'a', U'\u00E9', U'\u4E16', U' '});
    const std::string text = Write(model, options).text;
    for (const char* forbidden : {"a", " ", "\xC3\xA9", "\xE4\xB8\x96"}) {
      EXPECT_EQ(text.find(forbidden), std::string::npos);
    }
    options.pattern = "[a\xC3\xA9x]?[a-c]{4}";
    const Outcome outcome = Write(model, options);
    EXPECT_EQ(outcome.reason, FinishReason::kPatternComplete);
    EXPECT_EQ(outcome.text.find('a'), std::string::npos);
  }
}

TEST(SessionOptions, ForbiddingAll_IsAViolation) {
  SamplingOptions options;
  options.logit_bias = Biased({}, {U'\n', U' ', U'a', U'b', U'c', U'd', U'\u00E9', U'\u4E16'});
  PatternCache patterns;
  Violations violations;
  BindToVocabulary(LettersModel()->vocabulary, &patterns, &options, &violations);
  ASSERT_EQ(violations.list().size(), 1u);
  EXPECT_EQ(violations.list()[0].field, "sampling.logit_bias");
}

TEST(SessionOptions, Alternatives_AreTheLikeliestOfTheDistribution) {
  const ModelPtr model = LettersModel();
  for (const float temperature : {0.0f, 0.6f}) {
    SamplingOptions options = {.temperature = temperature, .top_k = 5, .seed = 8, .max_chars = 20};
    options.top_logprobs = 3;
    SingleStream stream(Session(model, options, {}));
    const std::string text = stream.WriteAll();
    const std::vector<CharLogprob> logprobs = stream.session().TakeLogprobs();
    ASSERT_EQ(logprobs.size(), 20u);

    std::vector<float> state(model->decoder->state_size());
    std::vector<float> logits(model->vocabulary.size());
    float* pointer = state.data();
    int32_t id = 0;
    for (const CharLogprob& character : logprobs) {
      model->decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
      std::vector<std::pair<double, int32_t>> ranked;
      for (int i = 0; i < model->vocabulary.size(); ++i) {
        ranked.emplace_back(-logits[i] / (temperature > 0 ? temperature : 1), i);
      }
      std::sort(ranked.begin(), ranked.end());
      double sum = 0;
      // At temperature 0 the distribution is the model's own, without filters.
      for (size_t i = 0; i < (temperature > 0 ? 5 : ranked.size()); ++i) {
        sum += std::exp(-ranked[i].first);
      }
      ASSERT_EQ(character.alternatives.size(), 3u);
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(character.alternatives[i].character, model->vocabulary.Symbol(ranked[i].second));
        EXPECT_NEAR(character.alternatives[i].logprob, -ranked[i].first - std::log(sum), 1e-5);
      }
      id = *model->vocabulary.Find(character.character);
    }
  }
}

TEST(SessionOptions, Alternatives_OfAByteModel_AreCharactersWithTheirWholeLogprob) {
  const ModelPtr model = RandomModel(Vocabulary::Bytes());
  SamplingOptions options = {.temperature = 2, .seed = 4, .max_chars = 120, .top_logprobs = 20};
  SingleStream stream(Session(model, options, {}));
  stream.WriteAll();
  size_t multibyte = 0;
  for (const CharLogprob& character : stream.session().TakeLogprobs()) {
    double last = 0;
    for (const CharAlternative& alternative : character.alternatives) {
      EXPECT_LE(alternative.logprob, last);
      last = alternative.logprob;
      if (alternative.character == character.character) {
        EXPECT_NEAR(alternative.logprob, character.logprob, 1e-9);
      }
    }
    EXPECT_LE(character.alternatives.size(), 20u);
    if (character.character > 0x7F && !character.alternatives.empty()) ++multibyte;
  }
  EXPECT_GT(multibyte, 10u);
}

TEST(SessionOptions, Alternatives_ToAByteUnlikelyBeyondNumbers_AreFinite) {
  // Temperature 0 and a bias write a byte whose own probability is too small for a number.
  SamplingOptions options = {.temperature = 0, .max_chars = 1, .top_logprobs = 2};
  options.logit_bias = Biased({{U'\u00E9', 3000}});
  const auto model = RandomModel(Vocabulary::Bytes());
  PatternCache patterns;
  Violations violations;
  BindToVocabulary(model->vocabulary, &patterns, &options, &violations);
  Session session(model, options, {});
  Sampler sampler;
  std::vector<float> logits(256);
  logits[0xC3] = 100;
  std::string text;
  ASSERT_EQ(session.Accept(logits, &sampler, &text), Event::kMidChar);
  logits[0xA9] = -2000;
  logits[0xA8] = 50;
  ASSERT_EQ(session.Accept(logits, &sampler, &text), Event::kEnd);
  EXPECT_EQ(text, "\u00E9");
  const std::vector<CharLogprob> logprobs = session.TakeLogprobs();
  ASSERT_EQ(logprobs.size(), 1u);
  ASSERT_EQ(logprobs[0].alternatives.size(), 2u);
  EXPECT_EQ(logprobs[0].alternatives[0].character, U'\u00E8');
  EXPECT_NEAR(logprobs[0].alternatives[0].logprob, 0, 1e-6);
  EXPECT_NEAR(logprobs[0].logprob, -2050, 1e-6);
}

}  // namespace
}  // namespace runnel
