// The arithmetics that the product kernels of gemm_kernels-inl.h can compute in: f32 here, the
// 16-bit ones in gemm_bf16-inl.h and gemm_int16-inl.h. Compiled once for each instruction set.
//
// An arithmetic is a struct that defines:
// - Element: kPerElement numbers of a row of A or a column of B that are adjacent in k, packed.
// - Sum: a vector of accumulators.
// - Join: packs one element of each of several neighbouring rows or columns.
// - ToElements: packs a stretch of k of one row or column.
// - MakeScales, if kHasScales: computes the scales of rows or columns. Join and ToElements multiply
//   by their inverses.
// - Step: sum += a * b for a micro-tile of rows and vectors of columns and one element of k.
// - Total: turns accumulators into floats.
// It also defines the sizes with which it is fast: the accumulators of kMr rows by nr = kNrVectors
// vectors of columns fit in the registers; kKc elements of such a panel of B fit in the nearest
// cache.
#if defined(RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "core/math/gemm_kernels.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

HWY_INLINE int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(Tag())); }

struct F32 {
  static constexpr const char* kName = "f32";
  static constexpr GemmArithmetic kArithmetic = GemmArithmetic::kF32;
  using Element = float;
  using Sum = Vector;
  static constexpr int64_t kPerElement = 1;
  static constexpr bool kPacksA = false;  // Rows of A that are contiguous are read in place.
  static constexpr bool kHasScales = false;
  // AVX-512 has 32 registers, of which 24 hold sums; the others have 16, of which 12 do.
  static constexpr int kMr = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
  static constexpr int kNrVectors = 3;
  static constexpr int64_t kKc = 512;

  template <class D>
  static HWY_INLINE void Join(D d, const float* from, const float* /*next*/,
                              const float* /*inverse*/, float* to) {
    hn::StoreU(hn::LoadU(d, from), d, to);
  }
  static HWY_INLINE void ToElements(int64_t k, const float* from, float /*inverse*/, float* to) {
    std::copy_n(from, k, to);
  }

  template <int kRows, int kVectors>
  static HWY_INLINE void Step(const float* a, int64_t a_row, const float* b,
                              Sum (&sum)[kRows][kVectors]) {
    const Tag d;
    Vector columns[kVectors];
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) columns[j] = hn::LoadU(d, b + j * Lanes());
    HWY_UNROLL(8)
    for (int i = 0; i < kRows; ++i) {
      const Vector row = hn::Set(d, a[i * a_row]);
      HWY_UNROLL(3)
      for (int j = 0; j < kVectors; ++j) sum[i][j] = hn::MulAdd(row, columns[j], sum[i][j]);
    }
  }
  static HWY_INLINE Vector Total(Sum sum, const float* /*columns*/, const float* /*row*/) {
    return sum;
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
