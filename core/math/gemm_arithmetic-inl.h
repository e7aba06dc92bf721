// What a product multiplies and how, for gemm_kernels.cc, which says what is packed where; compiled
// once for each instruction set.
//
// An arithmetic has an `Element`: kPerElement neighbours along k, of a row of A or a column of B.
// `Join` makes elements of the floats of neighbouring k's, `ToElements` those of one stretch of k,
// and `Step` adds the products of some rows' elements with a row of B's to sums in registers.
#if defined(RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

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
  using Element = float;
  static constexpr int64_t kPerElement = 1;
  static constexpr bool kCopiesRows = false;  // of A, where they are contiguous

  template <class D>
  static HWY_INLINE void Join(D d, const float* from, const float* /*next*/, float* to) {
    hn::StoreU(hn::LoadU(d, from), d, to);
  }
  static HWY_INLINE void ToElements(int64_t k, const float* from, float* to) {
    std::copy_n(from, k, to);
  }

  template <int kRows, int kVectors>
  static HWY_INLINE void Step(const float* a, int64_t a_row, const float* b,
                              Vector (&sum)[kRows][kVectors]) {
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
};

// Pairs of bf16, the first in the lower half.
struct Bf16 {
  using Element = uint32_t;
  static constexpr int64_t kPerElement = 2;
  static constexpr bool kCopiesRows = true;
  static constexpr uint32_t kUpper = 0xFFFF0000u;

  // The nearest bf16, to even on a tie, in the upper half; what the lower half holds is left over.
  // NaN stays NaN.
  template <class D, class DU = hn::RebindToUnsigned<D>>
  static HWY_INLINE hn::Vec<DU> Round(D /*d*/, hn::Vec<D> x) {
    const DU du;
    const auto bits = hn::BitCast(du, x);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
    const auto rounded = hn::Add(hn::Add(bits, hn::Set(du, 0x7FFF)), odd);
    const auto quiet_nan = hn::Or(bits, hn::Set(du, 0x00400000));
    return hn::IfThenElse(hn::RebindMask(du, hn::Eq(x, x)), rounded, quiet_nan);
  }
  template <class D>
  static HWY_INLINE void StorePairs(D d, hn::Vec<D> first, hn::Vec<D> second, uint32_t* to) {
    const hn::RebindToUnsigned<D> du;
    const auto lower = hn::ShiftRight<16>(Round(d, first));
    hn::StoreU(hn::Or(lower, hn::And(Round(d, second), hn::Set(du, kUpper))), du, to);
  }

  // `next` is null behind the last k.
  template <class D>
  static HWY_INLINE void Join(D d, const float* from, const float* next, uint32_t* to) {
    StorePairs(d, hn::LoadU(d, from), next == nullptr ? hn::Zero(d) : hn::LoadU(d, next), to);
  }
  static HWY_INLINE void ToElements(int64_t k, const float* from, uint32_t* to) {
    int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
    const Tag d;
    for (; i + 2 * Lanes() <= k; i += 2 * Lanes(), to += Lanes()) {
      const Vector low = hn::LoadU(d, from + i);
      const Vector high = hn::LoadU(d, from + i + Lanes());
      StorePairs(d, hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low), to);
    }
#endif
    for (; i < k; i += 2, ++to) {
      Join(hn::CappedTag<float, 1>(), from + i, i + 1 < k ? from + i + 1 : nullptr, to);
    }
  }
};

// For processors without a product of bf16: widened to float.
struct Bf16Widened : Bf16 {
  template <int kRows, int kVectors>
  static HWY_INLINE void Step(const uint32_t* a, int64_t a_row, const uint32_t* b,
                              Vector (&sum)[kRows][kVectors]) {
    StepOfHalf<0>(a, a_row, b, sum);
    StepOfHalf<1>(a, a_row, b, sum);
  }

 private:
  template <int kHalf, int kRows, int kVectors>
  static HWY_INLINE void StepOfHalf(const uint32_t* a, int64_t a_row, const uint32_t* b,
                                    Vector (&sum)[kRows][kVectors]) {
    const Tag d;
    const hn::RebindToUnsigned<Tag> du;
    const auto widen = [&](hn::Vec<decltype(du)> pairs) HWY_ATTR {
      if constexpr (kHalf == 0) return hn::BitCast(d, hn::ShiftLeft<16>(pairs));
      return hn::BitCast(d, hn::And(pairs, hn::Set(du, kUpper)));
    };
    Vector columns[kVectors];
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) columns[j] = widen(hn::LoadU(du, b + j * Lanes()));
    HWY_UNROLL(8)
    for (int i = 0; i < kRows; ++i) {
      const Vector row = widen(hn::Set(du, a[i * a_row]));
      HWY_UNROLL(3)
      for (int j = 0; j < kVectors; ++j) sum[i][j] = hn::MulAdd(row, columns[j], sum[i][j]);
    }
  }
};

#if HWY_TARGET == HWY_AVX3
// The dot product of AVX-512-BF16, which Highway 1.0.3's targets leave out: hence the assembly,
// which any function may hold, and the question to the processor below.
struct Bf16Dot : Bf16 {
  template <int kRows, int kVectors>
  static HWY_INLINE void Step(const uint32_t* a, int64_t a_row, const uint32_t* b,
                              Vector (&sum)[kRows][kVectors]) {
    __m512i columns[kVectors];
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) columns[j] = _mm512_loadu_si512(b + j * Lanes());
    HWY_UNROLL(8)
    for (int i = 0; i < kRows; ++i) {
      const __m512i row = _mm512_set1_epi32(static_cast<int>(a[i * a_row]));
      HWY_UNROLL(3)
      for (int j = 0; j < kVectors; ++j) {
        asm("vdpbf16ps %2, %1, %0" : "+v"(sum[i][j].raw) : "v"(row), "v"(columns[j]));
      }
    }
  }
};
#endif

// Calls `f` with a value of the type that multiplies bf16 here.
template <class F>
decltype(auto) WithBf16(const F& f) {
#if HWY_TARGET == HWY_AVX3
  static const bool has_dot = __builtin_cpu_supports("avx512bf16");
  if (has_dot) return f(Bf16Dot());
#endif
  return f(Bf16Widened());
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
