// A session with its options, compared with a plain loop over what they mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/math/random.h"
#include "core/text/utf8.h"
#include "tests/core/generate/written_text.h"

namespace runnel {
namespace {

// Writes the whole text without regard to stop sequences. At each symbol, the oracle reads the text
// so far from its beginning to find what may follow.
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
    const Draw draw = sampler.Next<float>(logits, options.sampler, offsets,
                                          RandomUniform(*options.seed, 0, position), allowed,
                                          is_bytes ? allowed : std::vector<uint8_t>());
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
    options.sampler.temperature = kTemperatures[random() % 4];
    if (random() % 2 == 0) options.sampler.top_k = static_cast<int32_t>(1 + random() % 10);
    if (random() % 2 == 0) options.sampler.top_p = 0.3f + 0.7f * uniform();
    if (random() % 3 == 0) options.sampler.min_p = 0.2f * uniform();
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

}  // namespace
}  // namespace runnel
