#include "core/generate/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/math/random.h"

namespace runnel {
namespace {

using testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<double> Softmax(const std::vector<float>& logits, double temperature,
                            const std::vector<uint8_t>& allowed = {}) {
  const auto is_allowed = [&](size_t i) { return allowed.empty() || allowed[i] != 0; };
  double max = -kInfinity;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (is_allowed(i)) max = std::max<double>(max, logits[i]);
  }
  std::vector<double> p(logits.size());
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (is_allowed(i)) p[i] = std::exp((logits[i] - max) / temperature);
    sum += p[i];
  }
  for (double& pi : p) pi /= sum;
  return p;
}

Draw Next(const std::vector<float>& logits, double temperature, double uniform,
          const std::vector<uint8_t>& allowed = {}) {
  return Sampler().Next<float>(logits, {.temperature = static_cast<float>(temperature)}, {},
                               uniform, allowed, allowed);
}

TEST(Sampler, TemperatureZero_TakesTheLikeliestAndTheLowestOnATie) {
  for (const double uniform : {0.0, 0.5, 0.999}) {
    EXPECT_EQ(Next({1, 3, 2}, 0, uniform).id, 1);
    EXPECT_EQ(Next({1, 3, 3, 3}, 0, uniform).id, 1);
    EXPECT_EQ(Next({2, 2}, 0, uniform).id, 0);
    EXPECT_EQ(Next({-5, -4, -kInfinity}, 0, uniform).id, 1);
    EXPECT_EQ(Next({1, 3, 2, 3}, 0, uniform, {1, 0, 1, 1}).id, 3);
  }
}

TEST(Sampler, TemperatureZero_ReportsTheModelsOwnLogprob) {
  const std::vector<float> logits = {1, 3, 2};
  EXPECT_NEAR(Next(logits, 0, 0.5).logprob, std::log(Softmax(logits, 1)[1]), 1e-12);
  const std::vector<double> wide = {1, 3, 2};
  EXPECT_NEAR(Sampler().Next<double>(wide, {.temperature = 0}, {}, 0.5, {}, {}).logprob,
              std::log(Softmax(logits, 1)[1]), 1e-12);
}

TEST(Sampler, Frequencies_FollowTheSoftmax) {
  constexpr int kDraws = 100000;
  const std::vector<float> logits = {0.3f, -1, 2, 0.3f, -3, 1.2f, 0, -0.5f};
  const std::vector<uint8_t> some = {1, 0, 1, 1, 1, 0, 1, 1};
  Sampler sampler;
  uint64_t stream = 0;
  for (const double temperature : {0.5, 1.0, 2.0}) {
    for (const std::vector<uint8_t>& allowed : {std::vector<uint8_t>{}, some}) {
      std::vector<int> counts(logits.size());
      for (int i = 0; i < kDraws; ++i) {
        const double uniform = RandomUniform(1, stream, i);
        ++counts[sampler
                     .Next<float>(logits, {.temperature = static_cast<float>(temperature)}, {},
                                  uniform, allowed, {})
                     .id];
      }
      ++stream;
      const std::vector<double> p = Softmax(logits, temperature, allowed);
      double chi_square = 0;
      for (size_t id = 0; id < p.size(); ++id) {
        if (p[id] == 0) {
          EXPECT_EQ(counts[id], 0);
          continue;
        }
        const double expected = p[id] * kDraws;
        chi_square += (counts[id] - expected) * (counts[id] - expected) / expected;
      }
      EXPECT_LT(chi_square, 24.3) << temperature;  // 7 degrees of freedom, one in a thousand
    }
  }
}

TEST(Sampler, Uniform_PicksByTheInverseOfTheCumulativeDistribution) {
  // Equal logits: probability 1/4 each, cumulative 0.25, 0.5, 0.75, 1 exactly.
  const std::vector<float> logits = {7, 7, 7, 7};
  EXPECT_EQ(Next(logits, 1, 0).id, 0);
  EXPECT_EQ(Next(logits, 1, std::nextafter(0.25, 0)).id, 0);
  EXPECT_EQ(Next(logits, 1, 0.25).id, 1);  // the first whose cumulative probability exceeds it
  EXPECT_EQ(Next(logits, 1, std::nextafter(0.5, 0)).id, 1);
  EXPECT_EQ(Next(logits, 1, 0.5).id, 2);
  EXPECT_EQ(Next(logits, 1, 0.75).id, 3);
  EXPECT_EQ(Next(logits, 1, std::nextafter(1.0, 0)).id, 3);
}

TEST(Sampler, Mask_LeavesItsIdsOutOfTheDistribution) {
  const std::vector<float> logits = {7, 7, 7, 7};
  const std::vector<uint8_t> allowed = {0, 1, 0, 1};
  EXPECT_EQ(Next(logits, 1, 0, allowed).id, 1);
  EXPECT_EQ(Next(logits, 1, 0.49, allowed).id, 1);
  EXPECT_EQ(Next(logits, 1, 0.5, allowed).id, 3);
  EXPECT_EQ(Next(logits, 1, std::nextafter(1.0, 0), allowed).id, 3);
  EXPECT_NEAR(Next(logits, 1, 0, allowed).logprob, std::log(0.5), 1e-15);
  EXPECT_EQ(Next(logits, 1, 0.3, {0, 0, 1, 0}).id, 2);
  EXPECT_EQ(Next(logits, 1, 0.3, {0, 0, 1, 0}).logprob, 0);
}

TEST(Sampler, Logprob_IsOfTheDistributionDrawnFrom) {
  const std::vector<float> logits = {0.3f, -1, 2, 1.2f};
  for (const double temperature : {double{0.3f}, 1.0, 4.0}) {
    const std::vector<double> p = Softmax(logits, temperature);
    for (const double uniform : {0.01, 0.2, 0.5, 0.9, 0.999}) {
      const Draw draw = Next(logits, temperature, uniform);
      EXPECT_NEAR(draw.logprob, std::log(p[draw.id]), 1e-12);
    }
  }
}

TEST(Sampler, TinyTemperatures_TakeTheLikeliest) {
  for (const double temperature :
       {1e-30, 1e-6, static_cast<double>(std::numeric_limits<float>::denorm_min())}) {
    for (const double uniform : {0.0, 0.5, std::nextafter(1.0, 0)}) {
      const Draw draw = Next({1, 3, 2, -100}, temperature, uniform);
      EXPECT_EQ(draw.id, 1) << temperature;
      EXPECT_EQ(draw.logprob, 0);
    }
    // A tie stays one.
    EXPECT_EQ(Next({3, 3}, temperature, 0.4).id, 0);
    EXPECT_EQ(Next({3, 3}, temperature, 0.6).id, 1);
  }
}

TEST(Sampler, HugeTemperatures_MakeAllIdsAlike) {
  for (const double temperature : {1e30, static_cast<double>(std::numeric_limits<float>::max())}) {
    for (int id = 0; id < 4; ++id) {
      const Draw draw = Next({-80, 80, 0, 1}, temperature, (id + 0.5) / 4);
      EXPECT_EQ(draw.id, id);
      EXPECT_NEAR(draw.logprob, std::log(0.25), 1e-12);
    }
  }
}

TEST(Sampler, LargeLogits_StayFinite) {
  for (const double uniform : {0.0, 0.5, std::nextafter(1.0, 0)}) {
    const Draw draw = Next({-3e38f, 3e38f, 1e38f}, 1, uniform);
    EXPECT_EQ(draw.id, 1);
    EXPECT_EQ(draw.logprob, 0);
    EXPECT_EQ(Next({-3e38f, -2e38f}, 1, uniform).id, 1);
  }
}

TEST(Sampler, MinusInfinity_IsNeverDrawn) {
  const std::vector<float> logits = {-kInfinity, 1, -kInfinity, 1, -kInfinity};
  EXPECT_EQ(Next(logits, 1, 0).id, 1);
  EXPECT_EQ(Next(logits, 1, 0.5).id, 3);
  EXPECT_EQ(Next(logits, 1, std::nextafter(1.0, 0)).id, 3);
}

TEST(Sampler, Buffer_IsFreshForEveryDraw) {
  Sampler sampler;
  EXPECT_EQ(sampler.Next<float>(std::vector<float>{0, 0, 9, 9}, {}, {}, 0.9, {}, {}).id, 3);
  EXPECT_EQ(sampler.Next<float>(std::vector<float>{5, 5}, {}, {}, 0.9, {}, {}).id, 1);
  EXPECT_EQ(sampler.Next<double>(std::vector<double>{5, 5, 5}, {}, {}, 0.9, {}, {}).id, 2);
}

}  // namespace
}  // namespace runnel
