#include "core/math/gemm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "core/base/interruption.h"
#include "core/base/worker_pool.h"
#include "core/math/aligned_vector.h"
#include "core/math/gemm_kernels.h"
#include "tests/core/math/arithmetics.h"
#include "tests/core/math/rounding.h"
#include "tests/core/math/targets.h"

namespace runnel {
namespace {

template <typename Real>
class GemmTest : public testing::Test {
 protected:
  std::vector<Real> Uniform(int64_t size) {
    std::uniform_real_distribution<double> distribution(-1, 1);
    std::vector<Real> values(size);
    for (Real& value : values) value = static_cast<Real>(distribution(random_));
    return values;
  }

  // A view of a matrix [rows x cols], which is stored as [cols x rows] if it is transposed.
  static MatrixView<const Real> View(const std::vector<Real>& values, int64_t rows, int64_t cols,
                                     bool transposed) {
    if (!transposed) return {values.data(), rows, cols};
    return MatrixView<const Real>(values.data(), cols, rows).Transposed();
  }

  // The partial sums of k products are about sqrt(k) / 3 in size, and each of the k additions
  // rounds one of them. The standard deviation of the total error is about eps * k / 6; the
  // tolerance is six times that. eps is 1.2e-7 or 2.2e-16.
  static double Tolerance(int64_t k) {
    return std::numeric_limits<Real>::epsilon() * static_cast<double>(4 + k);
  }

  // The `values` as a product sees them after rounding: `count` lines of k, where number p of line
  // i is at i * line + p * step.
  static std::vector<double> Seen(const std::vector<Real>& values, TrainingPrecision precision,
                                  int64_t count, int64_t k, int64_t line, int64_t step) {
    std::vector<double> seen(values.begin(), values.end());
    if (precision == TrainingPrecision::kF32 || std::is_same_v<Real, double>) return seen;
    const GemmKernels& kernels = GetGemmKernels(precision);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t first = 0; first < k; first += kernels.kc) {
        const int64_t part = std::min(k - first, kernels.kc);
        double* begin = seen.data() + i * line + first * step;
        if (kernels.arithmetic == GemmArithmetic::kInt16) {
          RoundToSteps(part, step, begin);
        } else {
          RoundToBf16(part, step, begin);
        }
      }
    }
    return seen;
  }
  // Rounds to the nearest of 1,447 steps from 0 to the largest of the values.
  static void RoundToSteps(int64_t k, int64_t step, double* values) {
    double largest = 0;
    for (int64_t p = 0; p < k; ++p) largest = std::max(largest, std::abs(values[p * step]));
    const float inverse = 1447 / static_cast<float>(largest);
    for (int64_t p = 0; p < k; ++p) {
      double& value = values[p * step];
      value = std::nearbyint(static_cast<float>(value) * inverse) * (largest / 1447);
    }
  }
  // Rounds to 8 significant bits, ties to even.
  static void RoundToBf16(int64_t k, int64_t step, double* values) {
    for (int64_t p = 0; p < k; ++p) {
      int exponent = 0;
      const double fraction = std::frexp(values[p * step], &exponent);
      values[p * step] = std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
    }
  }

  void CheckAgainstLoop(bool ta, bool tb, int64_t m, int64_t n, int64_t k, bool add) {
    for (const TrainingPrecision precision : kTrainingPrecisions) {
      CheckAgainstLoop(ta, tb, m, n, k, add, precision);
      if (HasFatalFailure()) return;
    }
  }

  void CheckAgainstLoop(bool ta, bool tb, int64_t m, int64_t n, int64_t k, bool add,
                        TrainingPrecision precision) {
    const std::vector<Real> a = Uniform(m * k);
    const std::vector<Real> b = Uniform(k * n);
    std::vector<Real> c = Uniform(m * n);
    const std::vector<double> left =
        ta ? Seen(a, precision, m, k, 1, m) : Seen(a, precision, m, k, k, 1);
    const std::vector<double> right =
        tb ? Seen(b, precision, n, k, k, 1) : Seen(b, precision, n, k, 1, n);
    std::vector<double> expected(m * n);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = add ? static_cast<double>(c[i * n + j]) : 0.0;
        for (int64_t p = 0; p < k; ++p) {
          sum +=
              (ta ? left[p * m + i] : left[i * k + p]) * (tb ? right[j * k + p] : right[p * n + j]);
        }
        expected[i * n + j] = sum;
      }
    }
    if (!add) c.assign(c.size(), std::numeric_limits<Real>::quiet_NaN());
    GemmScratch scratch;
    Gemm<Real>(View(a, m, k, ta), View(b, k, n, tb), {c.data(), m, n},
               {.update = add ? GemmUpdate::kAdd : GemmUpdate::kAssign, .precision = precision},
               &scratch);
    for (int64_t i = 0; i < m * n; ++i) {
      ASSERT_NEAR(c[i], expected[i], Tolerance(k))
          << m << " x " << n << " x " << k << ", transposed " << ta << tb << ", added " << add
          << ", element " << i << ", " << TrainingPrecisionName(precision);
    }
  }

  std::mt19937 random_{5};
};

using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(GemmTest, Reals);

TYPED_TEST(GemmTest, RandomShapes_AgreeWithTheLoopTransposedAndAddedOrNot) {
  for (int trial = 0; trial < 80; ++trial) {
    const int64_t most = trial < 60 ? 9 : 90;
    const int64_t m = 1 + this->random_() % most;
    const int64_t n = 1 + this->random_() % most;
    const int64_t k = 1 + this->random_() % (2 * most);
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        this->CheckAgainstLoop(ta, tb, m, n, k, /*add=*/false);
        this->CheckAgainstLoop(ta, tb, m, n, k, /*add=*/true);
        if (this->HasFatalFailure()) return;
      }
    }
  }
}

// The sizes at which the kernels change their path: stripes of up to 8 rows, panels of up to 48
// columns of which the last two may be narrower, blocks of 96 rows and a depth of 512, or of 1,024
// numbers of 16 bits.
TYPED_TEST(GemmTest, ShapesAroundBlocks_AgreeWithTheLoopInEveryArithmetic) {
  const auto check = [&](int64_t m, int64_t n, int64_t k, TrainingPrecision precision) {
    if (this->HasFatalFailure()) return;
    this->CheckAgainstLoop(/*ta=*/true, /*tb=*/false, m, n, k, /*add=*/true, precision);
    this->CheckAgainstLoop(/*ta=*/false, /*tb=*/true, m, n, k, /*add=*/false, precision);
  };
  const auto check_all = [&](TrainingPrecision precision) {
    for (const int64_t m : {1, 2, 3, 6, 7, 8, 9, 15}) {
      for (const int64_t n : {1, 15, 48, 49, 64, 97}) {
        for (const int64_t k : {5, 513}) check(m, n, k, precision);
      }
    }
    check(97, 49, 5, precision);
    check(97, 15, 513, precision);
    check(9, 49, 1027, precision);
  };
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    SCOPED_TRACE(hwy::TargetName(target));
    check_all(TrainingPrecision::kF32);
    if (std::is_same_v<TypeParam, double>) return;  // Doubles have only one form.
  }
  ForEach16BitKernels([&](const GemmKernels&) { check_all(TrainingPrecision::k16Bit); });
}

TYPED_TEST(GemmTest, PartsOfMatrices_AreReadAndWrittenWithinTheirBounds) {
  constexpr int64_t kM = 10, kN = 50, kK = 7, kStride = 60;
  const auto a = this->Uniform(kM * kStride);
  const auto b = this->Uniform(kK * kStride);
  const auto before = this->Uniform(kM * kStride);
  for (const TrainingPrecision precision : kTrainingPrecisions) {
    SCOPED_TRACE(TrainingPrecisionName(precision));
    const auto left = this->Seen(a, precision, kM, kK, kStride, 1);
    const auto right = this->Seen(b, precision, kN, kK, 1, kStride);
    auto c = before;
    GemmScratch scratch;
    Gemm<TypeParam>({a.data(), kM, kK, kStride}, {b.data(), kK, kN, kStride},
                    {c.data(), kM, kN, kStride},
                    {.update = GemmUpdate::kAdd, .precision = precision}, &scratch);
    for (int64_t i = 0; i < kM; ++i) {
      for (int64_t j = 0; j < kStride; ++j) {
        double expected = before[i * kStride + j];
        for (int64_t p = 0; p < kK && j < kN; ++p) {
          expected += left[i * kStride + p] * right[p * kStride + j];
        }
        ASSERT_NEAR(c[i * kStride + j], expected, j < kN ? this->Tolerance(kK) : 0)
            << i << ", " << j;
      }
    }
  }
}

// A product of 2^31 multiply-adds is computed in slices, which together have the bits of one
// product. Between slices it may be interrupted.
TEST(InterruptedGemm, LargeProducts_AskBetweenSlices) {
  constexpr int64_t kM = 512, kN = 2048, kK = 2048;
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> a(kM * kK), b(kK * kN);
  for (float& value : a) value = uniform(random);
  for (float& value : b) value = uniform(random);
  for (const TrainingPrecision precision : kTrainingPrecisions) {
    SCOPED_TRACE(TrainingPrecisionName(precision));
    GemmWeights<float> weights(kK, kN, precision);
    weights.Assign({b.data(), kK, kN});
    GemmScratch scratch;
    int asked = 0;
    Interruption counting([&] { return ++asked < 0; });
    scratch.interruption = &counting;
    std::vector<float> sliced(kM * kN, 1);
    weights.Multiply({a.data(), kM, kK}, {sliced.data(), kM, kN}, GemmUpdate::kAdd, &scratch);
    EXPECT_GE(asked, 1);

    const GemmKernels& kernels = GetGemmKernels(precision);
    AlignedVector<std::byte> packed_b(kernels.packed_b_size(kK, kN));
    AlignedVector<std::byte> room(kernels.packed_a_size);
    kernels.pack_b({b.data(), kK, kN}, packed_b.data());
    std::vector<float> whole(kM * kN, 1);
    kernels.multiply({a.data(), kM, kK}, packed_b.data(), {whole.data(), kN},
                     {whole.data(), kM, kN}, room.data());
    EXPECT_TRUE(sliced == whole);

    Interruption at_once([] { return true; });
    scratch.interruption = &at_once;
    std::vector<float> part(kM * kN, 7);
    weights.Multiply({a.data(), kM, kK}, {part.data(), kM, kN}, GemmUpdate::kAssign, &scratch);
    EXPECT_EQ(part.back(), 7);  // never written

    asked = 0;
    scratch.interruption = &counting;
    const MatrixView<const float> columns(a.data(), kK, kM);
    Gemm<float>(columns.Transposed(), {b.data(), kK, 8, kN}, {part.data(), kM, 8},
                {.precision = precision}, &scratch);
    EXPECT_GE(asked, 1);
  }
}

TYPED_TEST(GemmTest, Weights_GiveTheProductAlsoAfterTheyChange) {
  constexpr int64_t kM = 13, kN = 101;
  const auto check = [&](int64_t k, bool transposed, TrainingPrecision precision) {
    GemmScratch scratch;
    GemmWeights<TypeParam> weights(k, kN, precision);
    for (int round = 0; round < 2; ++round) {
      const auto a = this->Uniform(kM * k);
      const auto b = this->Uniform(k * kN);
      const auto right = this->View(b, k, kN, transposed);
      std::vector<TypeParam> expected(kM * kN);
      Gemm<TypeParam>({a.data(), kM, k}, right, {expected.data(), kM, kN}, {.precision = precision},
                      &scratch);
      std::vector<TypeParam> c(kM * kN);
      weights.Assign(right);
      weights.Multiply({a.data(), kM, k}, {c.data(), kM, kN}, GemmUpdate::kAssign, &scratch);
      EXPECT_EQ(c, expected);

      const auto row = this->Uniform(kN);
      for (int64_t i = 0; i < kM * kN; ++i) expected[i] += row[i % kN];
      weights.MultiplyAddRow({a.data(), kM, k}, row.data(), {c.data(), kM, kN}, &scratch);
      for (int64_t i = 0; i < kM * kN; ++i) {
        ASSERT_NEAR(c[i], expected[i], this->Tolerance(k)) << i;
      }
    }
  };
  const auto check_all = [&](TrainingPrecision precision) {
    for (const bool transposed : {false, true}) {
      check(37, transposed, precision);
      check(2051, transposed, precision);  // several parts of k
    }
  };
  for (const int64_t target : MachineTargets()) {
    const ScopedTarget scoped(target);
    SCOPED_TRACE(hwy::TargetName(target));
    check_all(TrainingPrecision::kF32);
    if (std::is_same_v<TypeParam, double>) return;
  }
  ForEach16BitKernels([&](const GemmKernels&) { check_all(TrainingPrecision::k16Bit); });
}

TYPED_TEST(GemmTest, VectorShapes_AgreeWithTheLoop) {
  for (const auto& [m, n] : {std::pair<int64_t, int64_t>{1, 512}, {512, 1}, {1, 1}, {16, 512}}) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        this->CheckAgainstLoop(ta, tb, m, n, 64, /*add=*/false);
        this->CheckAgainstLoop(ta, tb, m, n, 64, /*add=*/true);
        if (this->HasFatalFailure()) return;
      }
    }
  }
}

TYPED_TEST(GemmTest, SameProduct_HasTheSameBitsAgainAndOnAnotherThread) {
  const auto a = this->Uniform(48 * 300);
  const auto b = this->Uniform(300 * 70);
  const auto product = [&] {
    std::vector<TypeParam> c(48 * 70);
    Gemm<TypeParam>({a.data(), 48, 300}, {b.data(), 300, 70}, {c.data(), 48, 70});
    return c;
  };
  const std::vector<TypeParam> here = product();
  WorkerPool pool(3);
  std::vector<std::vector<TypeParam>> there(6);
  pool.Run(6, [&](int i) { there[i] = product(); });
  for (const auto& c : there) EXPECT_EQ(c, here);
}

TYPED_TEST(GemmTest, TransposeInto_MovesEveryElement) {
  for (const auto& [rows, cols] :
       {std::pair<int64_t, int64_t>{1, 1}, {1, 7}, {7, 1}, {5, 9}, {64, 33}}) {
    const auto a = this->Uniform(rows * cols);
    std::vector<TypeParam> b(rows * cols);
    TransposeInto(rows, cols, a.data(), b.data());
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < cols; ++c) ASSERT_EQ(b[c * rows + r], a[r * cols + c]);
    }
  }
}

}  // namespace
}  // namespace runnel
