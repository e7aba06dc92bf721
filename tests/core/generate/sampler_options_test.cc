// Sampler with offsets and filters, compared with a plain reading of what they mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/generate/sampler.h"

namespace runnel {
namespace {

using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Input {
  std::vector<float> logits;
  SamplerOptions options;
  std::vector<LogitOffset> offsets;
  std::vector<uint8_t> allowed;
};

// The probabilities, by definition: over and over again through all ids.
std::vector<double> Oracle(const Input& input) {
  const size_t count = input.logits.size();
  std::vector<double> scores(input.logits.begin(), input.logits.end());
  for (const LogitOffset& offset : input.offsets) scores[offset.id] += offset.nats;
  double max = -kInfinity;
  for (size_t id = 0; id < count; ++id) {
    if (!input.allowed.empty() && input.allowed[id] == 0) scores[id] = -kInfinity;
    max = std::max(max, scores[id]);
  }
  std::vector<double> p(count);
  for (size_t id = 0; id < count; ++id) {
    p[id] = std::exp((scores[id] - max) / input.options.temperature);
  }
  std::vector<size_t> ranked(count);
  for (size_t i = 0; i < count; ++i) ranked[i] = i;
  std::stable_sort(ranked.begin(), ranked.end(), [&](size_t a, size_t b) { return p[a] > p[b]; });
  if (input.options.top_k) {
    for (size_t i = *input.options.top_k; i < count; ++i) p[ranked[i]] = 0;
  }
  double sum = 0;
  for (const double pi : p) sum += pi;
  double before = 0;
  const double largest = p[ranked[0]];
  for (const size_t id : ranked) {
    const double pi = p[id];
    if (input.options.top_p < 1 && before >= input.options.top_p * sum) p[id] = 0;
    if (pi < input.options.min_p * largest) p[id] = 0;
    before += pi;
  }
  sum = 0;
  for (const double pi : p) sum += pi;
  for (double& pi : p) pi /= sum;
  return p;
}

class InputMaker {
 public:
  Input Make() {
    Input input;
    const size_t count = 1 + random_() % 70;
    std::normal_distribution<float> normal(0, 3);
    for (size_t i = 0; i < count; ++i) {
      // Some of them alike.
      input.logits.push_back(random_() % 4 == 0 ? 1.5f : normal(random_));
    }
    constexpr float kTemperatures[] = {1, 0.5f, 2, 0.1f};
    input.options.temperature = kTemperatures[random_() % 4];
    if (random_() % 2 == 0) input.options.top_k = static_cast<int32_t>(1 + random_() % 80);
    if (random_() % 2 == 0) input.options.top_p = static_cast<float>(Uniform());
    if (random_() % 2 == 0) input.options.min_p = static_cast<float>(Uniform() * Uniform());
    for (uint32_t i = random_() % 3 * (random_() % 9); i-- > 0;) {
      input.offsets.push_back({static_cast<int32_t>(random_() % count), normal(random_)});
    }
    if (random_() % 2 == 0) {
      for (size_t i = 0; i < count; ++i) input.allowed.push_back(random_() % 3 == 0 ? 0 : 1);
      input.allowed[random_() % count] = 1;
    }
    return input;
  }
  double Uniform() { return (random_() >> 1) * 0x1p-31; }

 private:
  std::mt19937 random_{17};
};

TEST(SamplerOptions, RandomMixes_DrawByTheOraclesDistribution) {
  InputMaker maker;
  Sampler sampler;
  for (int i = 0; i < 3000; ++i) {
    const Input input = maker.Make();
    const std::vector<double> p = Oracle(input);
    for (int j = 0; j < 10; ++j) {
      const double uniform = maker.Uniform();
      const Draw draw = sampler.Next<float>(input.logits, input.options, input.offsets, uniform,
                                            input.allowed, {});
      double before = 0;
      for (int id = 0; id < draw.id; ++id) before += p[id];
      ASSERT_GT(p[draw.id], 0);
      // Within rounding of the inverse of the cumulative distribution.
      ASSERT_GE(uniform, before - 1e-12);
      ASSERT_LE(uniform, before + p[draw.id] + 1e-12);
      ASSERT_NEAR(draw.logprob, std::log(p[draw.id]), 1e-10);
    }
    for (size_t id = 0; id < p.size(); ++id) {
      if (p[id] == 0) {
        ASSERT_EQ(sampler.Logprob(static_cast<int32_t>(id)), -kInfinity);
      } else {
        ASSERT_NEAR(sampler.Logprob(static_cast<int32_t>(id)), std::log(p[id]), 1e-10);
      }
    }
  }
}

TEST(SamplerOptions, Filters_KeepWhatTheirNamesSay) {
  // Probabilities 0.5, 0.25, 0.15, 0.1.
  std::vector<float> logits;
  for (const double p : {0.15, 0.5, 0.1, 0.25}) logits.push_back(static_cast<float>(std::log(p)));
  const auto kept = [&](const SamplerOptions& options) {
    Sampler sampler;
    sampler.Next<float>(logits, options, {}, 0, {}, {});
    std::vector<int> ids;
    for (const Draw& draw : sampler.Likeliest(10, {})) ids.push_back(draw.id);
    return ids;
  };
  EXPECT_THAT(kept({}), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(kept({.top_k = 1}), ElementsAre(1));
  EXPECT_THAT(kept({.top_k = 3}), ElementsAre(1, 3, 0));
  EXPECT_THAT(kept({.top_k = 100}), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(kept({.top_p = 0.01}), ElementsAre(1));
  EXPECT_THAT(kept({.top_p = 0.6}), ElementsAre(1, 3));
  EXPECT_THAT(kept({.top_p = 0.8}), ElementsAre(1, 3, 0));
  EXPECT_THAT(kept({.min_p = 0.4}), ElementsAre(1, 3));
  EXPECT_THAT(kept({.min_p = 1}), ElementsAre(1));
  // top_p holds its share of what top_k left: 0.5 of 0.75 is two thirds.
  EXPECT_THAT(kept({.top_k = 2, .top_p = 0.6}), ElementsAre(1));
  EXPECT_THAT(kept({.top_k = 2, .top_p = 0.7}), ElementsAre(1, 3));
}

TEST(SamplerOptions, TopK_TakesTheLowestIdsOfATie) {
  Sampler sampler;
  sampler.Next<float>(std::vector<float>(5, 2.0f), {.top_k = 2}, {}, 0.99, {}, {});
  const std::vector<Draw> kept = sampler.Likeliest(9, {});
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].id, 0);
  EXPECT_EQ(kept[1].id, 1);
}

TEST(SamplerOptions, TemperatureZero_DrawsByOffsetsButReportsTheModelsOwnLogprob) {
  const std::vector<float> logits = {1, 3, 2};
  const std::vector<LogitOffset> offsets = {{0, 9.0}};
  Sampler sampler;
  const Draw draw =
      sampler.Next<float>(logits, {.temperature = 0, .top_k = 1}, offsets, 0.5, {}, {});
  EXPECT_EQ(draw.id, 0);
  const double sum = std::exp(1) + std::exp(3) + std::exp(2);
  EXPECT_NEAR(draw.logprob, 1 - std::log(sum), 1e-12);
  EXPECT_EQ(sampler.Likeliest(1, {})[0].id, 1);
  // With some ids not allowed: the log-probability is still taken over all ids that the model may
  // ever write.
  const std::vector<uint8_t> allowed = {0, 0, 1};
  const std::vector<uint8_t> own = {0, 1, 1};
  const Draw masked = sampler.Next<float>(logits, {.temperature = 0}, offsets, 0.5, allowed, own);
  EXPECT_EQ(masked.id, 2);
  EXPECT_NEAR(masked.logprob, 2 - std::log(std::exp(3) + std::exp(2)), 1e-12);
}

TEST(SamplerOptions, TemperatureZero_UnlikelyBeyondNumbers_HasAFiniteLogprob) {
  const std::vector<uint8_t> allowed = {0, 1};
  EXPECT_EQ(Sampler()
                .Next<float>(std::vector<float>{0, -5000}, {.temperature = 0}, {}, 0, allowed, {})
                .logprob,
            -5000);
}

TEST(Sampler, Likeliest_AreOfThoseWanted) {
  Sampler sampler;
  sampler.Next<float>(std::vector<float>{1, 5, 3, 5, 2}, {}, {}, 0, {}, {});
  const std::vector<uint8_t> wanted = {1, 0, 1, 1, 1};
  std::vector<int> ids;
  for (const Draw& draw : sampler.Likeliest(3, wanted)) ids.push_back(draw.id);
  EXPECT_THAT(ids, ElementsAre(3, 2, 4));
  EXPECT_THAT(sampler.Likeliest(0, {}), ElementsAre());
}

}  // namespace
}  // namespace runnel
