// The log-probabilities and alternatives that a session reports.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/text/utf8.h"
#include "tests/core/generate/written_text.h"

namespace runnel {
namespace {

TEST(SessionLogprobs, Logprob_LeavesOutAStopThatIsNoPartOfTheText) {
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

TEST(SessionLogprobs, Alternatives_AreTheLikeliestOfTheDistribution) {
  const ModelPtr model = LettersModel();
  for (const float temperature : {0.0f, 0.6f}) {
    SamplingOptions options = {
        .sampler = {.temperature = temperature, .top_k = 5}, .seed = 8, .max_chars = 20};
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

TEST(SessionLogprobs, Alternatives_OfAByteModel_AreCharactersWithTheirWholeLogprob) {
  const ModelPtr model = RandomModel(Vocabulary::Bytes());
  SamplingOptions options = {
      .sampler = {.temperature = 2}, .seed = 4, .max_chars = 120, .top_logprobs = 20};
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

TEST(SessionLogprobs, Alternatives_ToAByteUnlikelyBeyondNumbers_AreFinite) {
  // Temperature 0 and a bias write a byte whose own probability is too small for a number.
  SamplingOptions options = {.sampler = {.temperature = 0}, .max_chars = 1, .top_logprobs = 2};
  options.logit_bias = Biased({{U'\u00E9', 3000}});
  const auto model = RandomModel(Vocabulary::Bytes());
  Session session(model, Bound(options, *model), {});
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
