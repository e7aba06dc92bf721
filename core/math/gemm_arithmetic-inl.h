// What a product multiplies and how, for gemm_kernels.cc, which says what is packed where; compiled
// once for each instruction set.
//
// An arithmetic has an `Element`: kPerElement neighbours along k, of a row of A or a column of B.
// `Join` makes elements of the floats of neighbouring k's, `ToElements` those of one stretch of k;
// with kHasScales, both multiply by the inverse of a scale that `MakeScales` has made. `Step` adds
// the products of some rows' elements with a row of B's to sums, of which `Total` makes floats.
// kRowsMax rows by kPanelVectors vectors of sums fit the registers; kDepth elements of such a panel
// and of kRows rows of A, the nearer caches.
#if defined(RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_ARITHMETIC_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "core/math/gemm_int16-inl.h"
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
  using Sum = Vector;
  static constexpr int64_t kPerElement = 1;
  static constexpr bool kCopiesRows = false;  // of A, where they are contiguous
  static constexpr bool kHasScales = false;
  // With 32 registers 24 hold sums, with 16 there are 12.
  static constexpr int kRowsMax = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
  static constexpr int kPanelVectors = 3;
  static constexpr int64_t kDepth = 512;

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

#if HWY_TARGET == HWY_AVX3
// Pairs of bf16, the first in the lower half, by the dot product of AVX-512-BF16, which Highway
// 1.0.3's targets leave out: hence the assembly, which any function may hold, and the question to
// the processor below.
struct Bf16 {
  using Element = uint32_t;
  using Sum = Vector;
  static constexpr int64_t kPerElement = 2;
  static constexpr bool kCopiesRows = true;
  static constexpr bool kHasScales = false;
  static constexpr int kRowsMax = 8;
  static constexpr int kPanelVectors = 3;
  static constexpr int64_t kDepth = 512;

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
    hn::StoreU(hn::Or(lower, hn::And(Round(d, second), hn::Set(du, 0xFFFF0000u))), du, to);
  }

  // `next` is null behind the last k.
  template <class D>
  static HWY_INLINE void Join(D d, const float* from, const float* next, const float* /*inverse*/,
                              uint32_t* to) {
    StorePairs(d, hn::LoadU(d, from), next == nullptr ? hn::Zero(d) : hn::LoadU(d, next), to);
  }
  static HWY_INLINE void ToElements(int64_t k, const float* from, float inverse, uint32_t* to) {
    const Tag d;
    int64_t i = 0;
    for (; i + 2 * Lanes() <= k; i += 2 * Lanes(), to += Lanes()) {
      const Vector low = hn::LoadU(d, from + i);
      const Vector high = hn::LoadU(d, from + i + Lanes());
      StorePairs(d, hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low), to);
    }
    for (; i < k; i += 2, ++to) {
      Join(hn::CappedTag<float, 1>(), from + i, i + 1 < k ? from + i + 1 : nullptr, &inverse, to);
    }
  }

  template <int kRows, int kVectors>
  static HWY_INLINE void Step(const uint32_t* a, int64_t a_row, const uint32_t* b,
                              Sum (&sum)[kRows][kVectors]) {
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
  static HWY_INLINE Vector Total(Sum sum, const uint32_t* /*columns*/, const uint32_t* /*row*/) {
    return sum;
  }
};
#endif

// Calls `f` with a value of the arithmetic of 16-bit numbers that is best here.
template <class F>
decltype(auto) With16Bits(const F& f) {
#if HWY_TARGET == HWY_AVX3
  static const bool has_bf16 = __builtin_cpu_supports("avx512bf16");
  static const bool has_vnni = __builtin_cpu_supports("avx512vnni");
  if (has_bf16) return f(Bf16());
  if (has_vnni) return f(Int16<AddPairsAtOnce>());
#elif HWY_TARGET == HWY_AVX2
  static const bool has_vnni = __builtin_cpu_supports("avxvnni");
  if (has_vnni) return f(Int16<AddPairsAtOnce>());
#endif
  return f(Int16<AddPairs>());
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
