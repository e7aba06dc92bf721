// Models whose weights are finite and whose logits are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/nn/finite_logits.h"
#include "tests/core/generate/scheduled_text.h"

namespace runnel {
namespace {

using testing::HasSubstr;

std::shared_ptr<const LanguageModel> Scaled(double strength, DecodePrecision precision) {
  return RandomModel(ManyLetters(), /*digest=*/1, precision, {.num_layers = 1, .hidden_size = 24},
                     strength);
}

constexpr DecodePrecision kPrecisions[] = {DecodePrecision::kF32, DecodePrecision::kBf16,
                                           DecodePrecision::kInt8};

TEST(AllFinite, EveryPlace_IsLookedAt) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (size_t size = 0; size < 70; ++size) {
    std::vector<float> values(size, std::numeric_limits<float>::max());
    EXPECT_TRUE(AllFinite(values)) << size;
    for (size_t i = 0; i < size; ++i) {
      for (const float bad : {kInfinity, -kInfinity, std::nanf("")}) {
        std::vector<float> with_bad = values;
        with_bad[i] = bad;
        EXPECT_FALSE(AllFinite(with_bad)) << i << " of " << size;
      }
    }
  }
}

TEST(Session, LogitsThatAreNotFinite_EndTheTextWithAnError) {
  for (const DecodePrecision precision : kPrecisions) {
    for (const float temperature : {0.0f, 1.0f}) {
      const auto model = Scaled(kOverflowingStrength, precision);
      SamplingOptions options{.max_chars = 20, .return_state = true};
      options.sampler.temperature = temperature;
      SingleStream stream(Session(model, options, {1, 2, 3}));
      EXPECT_EQ(stream.WriteAll(), "");
      EXPECT_EQ(stream.session().finish_reason(), FinishReason::kNotFinite);
      EXPECT_TRUE(absl::IsDataLoss(stream.session().status()));
      EXPECT_THAT(std::string(stream.session().status().message()),
                  HasSubstr("its weights give logits that are not finite"));
      EXPECT_FALSE(stream.session().Save());
    }
  }
}

TEST(Session, StateThatIsNotFinite_IsNotSaved) {
  const auto model = Scaled(1, DecodePrecision::kF32);
  Session session(model, {.max_chars = 20, .return_state = true}, {1});
  session.state()[3] = std::nanf("");
  std::string text;
  session.Interrupt(&text);
  EXPECT_EQ(session.finish_reason(), FinishReason::kNotFinite);
  EXPECT_FALSE(session.Save());
}

TEST(Session, StateThatIsNotFinite_IsNoMatterWithoutReturnState) {
  const auto model = Scaled(1, DecodePrecision::kF32);
  Session session(model, {.max_chars = 20}, {1});
  session.state()[3] = std::nanf("");
  std::string text;
  session.Interrupt(&text);
  EXPECT_EQ(session.finish_reason(), FinishReason::kInterrupted);
  EXPECT_TRUE(session.status().ok());
}

TEST(Scheduler, TextWhoseLogitsAreNotFinite_LeavesTheOthersAsTheyAre) {
  const auto model = Scaled(5, DecodePrecision::kF32);
  Session poisoned = NewSession(model, /*seed=*/1, /*max_chars=*/30);
  for (int i = 0; i < 24; ++i) poisoned.state()[i] = std::nanf("");
  auto bad = std::make_shared<ScheduledText>(std::move(poisoned));
  Scheduler scheduler;
  std::vector<std::shared_ptr<ScheduledText>> texts;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    texts.push_back(NewText(model, seed, 30));
    scheduler.Add(texts.back());
    if (seed == 2) scheduler.Add(bad);
  }
  while (scheduler.size() > 0) scheduler.Step();
  EXPECT_TRUE(absl::IsDataLoss(bad->session().status()));
  for (uint64_t seed = 0; seed < 5; ++seed) {
    EXPECT_EQ(texts[seed]->text, Alone(NewSession(model, seed, 30))) << seed;
  }
}

}  // namespace
}  // namespace runnel
