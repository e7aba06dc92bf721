// The arithmetic of each optimizer against a plain loop in double, on every instruction set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/train/optimizers/optimizer.h"
#include "tests/core/math/targets.h"

namespace runnel {
namespace {

constexpr int64_t kSizes[] = {0, 1, 7, 16, 17, 65, 1000};

// One parameter as the loops see it.
struct Parameter {
  double weight;
  double memories[kOptimizerMemoriesMax] = {};
};
// Updates a parameter in step `t` for the gradient `g`.
using Loop = std::function<void(int t, double rate, double g, Parameter* p)>;

void AdamLoop(int t, double rate, double g, Parameter* p) {
  auto& [m, v] = p->memories;
  m = 0.9 * m + 0.1 * g;
  v = 0.999 * v + 0.001 * g * g;
  const double mean = m / (1 - std::pow(0.9, t));
  const double square = v / (1 - std::pow(0.999, t));
  p->weight -= rate * mean / (std::sqrt(square) + 1e-8);
}

const std::map<Optimizer, Loop>& Loops() {
  static const auto* const kLoops = new std::map<Optimizer, Loop>{
      {Optimizer::kSgd,
       [](int, double rate, double g, Parameter* p) {
         p->memories[0] = 0.9 * p->memories[0] + g;
         p->weight -= rate * p->memories[0];
       }},
      {Optimizer::kAdagrad,
       [](int, double rate, double g, Parameter* p) {
         p->memories[0] += g * g;
         p->weight -= rate * g / std::sqrt(p->memories[0] + 1e-8);
       }},
      {Optimizer::kRmsprop,
       [](int, double rate, double g, Parameter* p) {
         p->memories[0] = 0.99 * p->memories[0] + 0.01 * g * g;
         p->weight -= rate * g / (std::sqrt(p->memories[0]) + 1e-8);
       }},
      {Optimizer::kAdam, AdamLoop},
      {Optimizer::kAdamW, AdamLoop},
  };
  return *kLoops;
}

template <typename Real>
class UpdateRuleTest : public testing::Test {
 protected:
  // The epsilons of the types are 1.2e-7 and 2.2e-16.
  static constexpr double kTolerance = std::is_same_v<Real, float> ? 1e-6 : 1e-14;

  std::vector<Real> Normal(int64_t size) {
    std::normal_distribution<double> distribution;
    std::vector<Real> values(size);
    for (Real& value : values) value = static_cast<Real>(distribution(random_));
    return values;
  }

  std::mt19937 random_{17};
};

using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(UpdateRuleTest, Reals);

TYPED_TEST(UpdateRuleTest, Update_AgreesWithTheLoop) {
  using Real = TypeParam;
  const auto scale = static_cast<Real>(0.5);
  const auto rate = static_cast<Real>(0.01);
  for (const Optimizer optimizer : kOptimizers) {
    ASSERT_TRUE(Loops().contains(optimizer)) << kOptimizers.NameOf(optimizer) << " needs a loop";
    const Loop& loop = Loops().at(optimizer);
    for (const int64_t target : MachineTargets()) {
      const ScopedTarget scoped(target);
      const UpdateRule<Real>& rule = GetUpdateRule<Real>(optimizer);
      ASSERT_LE(rule.traits.memories, kOptimizerMemoriesMax);
      for (const int64_t n : kSizes) {
        SCOPED_TRACE(std::string(kOptimizers.NameOf(optimizer)) + ", " + hwy::TargetName(target) +
                     ", size " + std::to_string(n));
        std::vector<Real> weights = this->Normal(n);
        std::vector<Real> memories[kOptimizerMemoriesMax];
        std::vector<Parameter> expected;
        for (const Real weight : weights) expected.push_back({.weight = weight});
        UpdateStep<Real> step = {
            .learning_rate = rate, .scale = scale, .count = n, .weights = weights.data()};
        for (int m = 0; m < rule.traits.memories; ++m) {
          memories[m].resize(n);
          step.memories[m] = memories[m].data();
        }
        for (int t = 1; t <= 3; ++t) {
          std::vector<Real> gradient = this->Normal(n);
          if (n > 0) gradient[n / 2] = 0;  // 0 / (0 + 1e-8) is no NaN.
          step.number = t;
          step.gradient = gradient.data();
          rule.update(step);
          for (int64_t i = 0; i < n; ++i) {
            Parameter& p = expected[i];
            loop(t, rate, static_cast<double>(scale) * gradient[i], &p);
            ASSERT_NEAR(weights[i], p.weight, this->kTolerance * (std::abs(p.weight) + 1)) << i;
            for (int m = 0; m < rule.traits.memories; ++m) {
              ASSERT_NEAR(memories[m][i], p.memories[m],
                          this->kTolerance * (1 + 100 * std::abs(p.memories[m])))
                  << i;
            }
          }
        }
      }
    }
  }
}

// The pieces that threads take may begin anywhere.
TYPED_TEST(UpdateRuleTest, StepInPieces_IsTheSameToTheBit) {
  using Real = TypeParam;
  constexpr int64_t kCount = 1000;
  for (const Optimizer optimizer : kOptimizers) {
    const UpdateRule<Real>& rule = GetUpdateRule<Real>(optimizer);
    const std::vector<Real> gradient = this->Normal(kCount);
    const std::vector<Real> start = this->Normal(kCount);
    std::vector<std::vector<Real>> results;
    for (const int64_t piece : {kCount, int64_t{37}}) {
      std::vector<Real> weights = start;
      std::vector<Real> memories[kOptimizerMemoriesMax];
      for (auto& memory : memories) memory.resize(kCount);
      for (int64_t begin = 0; begin < kCount; begin += piece) {
        rule.update({.number = 1,
                     .learning_rate = static_cast<Real>(0.01),
                     .scale = 1,
                     .count = std::min(piece, kCount - begin),
                     .gradient = gradient.data() + begin,
                     .memories = {memories[0].data() + begin, memories[1].data() + begin},
                     .weights = weights.data() + begin});
      }
      results.push_back(std::move(weights));
    }
    EXPECT_EQ(results[0], results[1]) << kOptimizers.NameOf(optimizer);
    EXPECT_NE(results[0], start) << kOptimizers.NameOf(optimizer);
  }
}

}  // namespace
}  // namespace runnel
