#include "core/math/training_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <type_traits>
#include <vector>

#include "tests/core/math/targets.h"

namespace runnel {
namespace {

constexpr int64_t kSizes[] = {0, 1, 7, 16, 17, 65, 1000};

// Compares each kernel with plain loops in double, on every instruction set of the machine. The
// relative tolerance is 1e-6 for float (eps is 1.2e-7, and Highway's tanh and exp are exact to a
// few units in the last place) and 1e-14 for double (eps is 2.2e-16). Where a result is a
// difference of larger numbers, the tolerance is relative to those.
template <typename Real>
class TrainingKernelsTest : public testing::Test {
 protected:
  static constexpr double kTolerance = std::is_same_v<Real, float> ? 1e-6 : 1e-14;
  static constexpr Real kNan = std::numeric_limits<Real>::quiet_NaN();

  using Buffer = std::vector<Real>;

  Buffer Normal(int64_t size, double scale = 1) {
    std::normal_distribution<double> distribution(0, scale);
    Buffer values(size);
    for (Real& value : values) value = static_cast<Real>(distribution(random_));
    return values;
  }

  // Calls body(kernels, n) for every target and size.
  template <typename Body>
  void ForEachTargetAndSize(const Body& body) {
    for (const int64_t target : MachineTargets()) {
      const ScopedTarget scoped(target);
      for (const int64_t n : kSizes) {
        SCOPED_TRACE(testing::Message() << hwy::TargetName(target) << ", size " << n);
        body(GetTrainingKernels<Real>(), n);
        if (this->HasFatalFailure()) return;
      }
    }
  }

  static void ExpectClose(double actual, double expected, double size, int64_t i) {
    ASSERT_NEAR(actual, expected, kTolerance * size) << "element " << i;
  }

  std::mt19937 random_{17};
};

using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(TrainingKernelsTest, Reals);

TEST(GetTrainingKernels, EveryInstructionSet_HasItsOwnTable) {
  std::set<const void*> tables;
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    tables.insert(&GetTrainingKernels<float>());
  }
  const size_t least = FusedTargets().empty() ? 1 : 2;
  EXPECT_GE(tables.size(), least);
}

TYPED_TEST(TrainingKernelsTest, AddRows_AgreesWithTheLoopForRowsThatLieApart) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    for (const int64_t rows : {0, 1, 8, 13}) {
      const int64_t stride = n + 3;
      const auto x = this->Normal(rows * stride);
      auto out = this->Normal(n + 1);
      auto expected = out;
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t i = 0; i < n; ++i) expected[i] += x[r * stride + i];
      }
      kernels.add_rows(rows, n, x.data(), stride, out.data());
      EXPECT_EQ(out, expected) << rows << " rows";  // the same additions in the same order
    }
  });
}

TYPED_TEST(TrainingKernelsTest, Add_AgreesWithTheLoopAlsoInPlace) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    const auto a = this->Normal(n);
    const auto b = this->Normal(n);
    std::vector<TypeParam> out(n + 1, 77);
    kernels.add(n, a.data(), b.data(), out.data());
    auto in_place = a;
    kernels.add(n, in_place.data(), b.data(), in_place.data());
    for (int64_t i = 0; i < n; ++i) {
      ASSERT_EQ(out[i], a[i] + b[i]);
      ASSERT_EQ(in_place[i], a[i] + b[i]);
    }
    ASSERT_EQ(out[n], 77);  // Nothing is written beyond the end.
  });
}

TYPED_TEST(TrainingKernelsTest, AddScaled_AgreesWithTheLoop) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    const auto x = this->Normal(n);
    const auto before = this->Normal(n);
    auto out = before;
    kernels.add_scaled(n, static_cast<TypeParam>(0.3), x.data(), out.data());
    for (int64_t i = 0; i < n; ++i) {
      const double product = static_cast<double>(static_cast<TypeParam>(0.3)) * x[i];
      this->ExpectClose(out[i], before[i] + product, std::abs(before[i]) + std::abs(product), i);
    }
  });
}

TYPED_TEST(TrainingKernelsTest, Multiply_IsExact) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    const auto a = this->Normal(n);
    const auto b = this->Normal(n);
    std::vector<TypeParam> out(n);
    kernels.multiply(n, a.data(), b.data(), out.data());
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(out[i], a[i] * b[i]);
  });
}

TYPED_TEST(TrainingKernelsTest, SoftmaxCrossEntropy_AgreesWithTheLoop) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    if (n == 0) return;
    for (const double spread : {0.1, 3.0, 20.0}) {
      const auto logits = this->Normal(n, spread);
      const int64_t target = this->random_() % n;
      const auto scale = static_cast<TypeParam>(0.37);
      double max = logits[0];
      for (const auto logit : logits) max = std::max<double>(max, logit);
      double sum = 0;
      for (const auto logit : logits) sum += std::exp(logit - max);

      auto gradient = logits;
      const double loss = kernels.softmax_cross_entropy(n, target, scale, gradient.data());
      const double expected_loss = std::log(sum) + max - logits[target];
      ASSERT_NEAR(loss, expected_loss, this->kTolerance * (2 + max - logits[target]));
      for (int64_t i = 0; i < n; ++i) {
        const double expected = scale * (std::exp(logits[i] - max) / sum - (i == target));
        // An exponent of size e has an error of e roundings.
        this->ExpectClose(gradient[i], expected, scale * (1 + (max - logits[i])), i);
      }
    }
  });
}

TYPED_TEST(TrainingKernelsTest, SoftmaxCrossEntropy_OfLargeLogitsStaysFinite) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    if (n < 2) return;
    const auto big = static_cast<TypeParam>(1e30);
    std::vector<TypeParam> logits(n, -big);
    logits[n - 1] = big;
    auto likely = logits;
    ASSERT_EQ(kernels.softmax_cross_entropy(n, n - 1, 1, likely.data()), 0);
    for (const auto gradient : likely) ASSERT_EQ(gradient, 0);

    auto unlikely = logits;
    ASSERT_NEAR(kernels.softmax_cross_entropy(n, 0, 1, unlikely.data()) / 2e30, 1, 1e-6);
    ASSERT_EQ(unlikely[0], -1);
    ASSERT_EQ(unlikely[n - 1], 1);

    std::vector<TypeParam> shifted(n, static_cast<TypeParam>(-700));
    ASSERT_NEAR(kernels.softmax_cross_entropy(n, 0, 1, shifted.data()),
                std::log(static_cast<double>(n)), 1e-6);
  });
}

TYPED_TEST(TrainingKernelsTest, SoftmaxCrossEntropy_OfANanIsNanWhereverItStands) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    for (int64_t i = 0; i < n; i += 3) {
      auto logits = this->Normal(n);
      logits[i] = this->kNan;
      ASSERT_TRUE(std::isnan(kernels.softmax_cross_entropy(n, n - 1, 1, logits.data()))) << i;
    }
  });
}

TYPED_TEST(TrainingKernelsTest, SumOfSquares_AgreesWithTheLoop) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    const auto x = this->Normal(n);
    double expected = 0;
    for (const double xi : x) expected += xi * xi;
    // Floats are added in vectors of floats, so partial sums are rounded a few times.
    ASSERT_NEAR(kernels.sum_of_squares(n, x.data()), expected, 10 * this->kTolerance * expected);
  });
}

TYPED_TEST(TrainingKernelsTest, Clip_BoundsEachElementAndKeepsNan) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    auto x = this->Normal(n, 3);
    for (int64_t i = 0; i < n; i += 6) x[i] = this->kNan;
    if (n > 2) x[1] = std::numeric_limits<TypeParam>::infinity();
    auto clipped = x;
    const auto bound = static_cast<TypeParam>(1.5);
    kernels.clip(n, bound, clipped.data());
    for (int64_t i = 0; i < n; ++i) {
      if (std::isnan(x[i])) {
        ASSERT_TRUE(std::isnan(clipped[i])) << i;
      } else {
        ASSERT_EQ(clipped[i], std::clamp(x[i], -bound, bound)) << i;
      }
    }
  });
}

TYPED_TEST(TrainingKernelsTest, MoveTowards_AgreesWithTheLoop) {
  this->ForEachTargetAndSize([&](const auto& kernels, int64_t n) {
    const auto x = this->Normal(n);
    auto out = this->Normal(n);
    const std::vector<double> before(out.begin(), out.end());
    const auto rate = static_cast<TypeParam>(0.25);
    kernels.move_towards(n, rate, x.data(), out.data());
    for (int64_t i = 0; i < n; ++i) {
      const double expected = before[i] + 0.25 * (static_cast<double>(x[i]) - before[i]);
      this->ExpectClose(out[i], expected, std::abs(expected) + 4, i);
    }
  });
}

}  // namespace
}  // namespace runnel
