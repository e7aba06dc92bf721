// What the 16-bit arithmetics share: an element is a pair of 16-bit numbers that are neighbours in
// k, the lower k in the lower half. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_GEMM_PAIRS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_PAIRS_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_PAIRS_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_PAIRS_INL_H_
#endif

#include <cstdint>

#include "core/math/gemm_arithmetic-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// A vector of pairs; and one of 32-bit integers.
using PairTag = hn::ScalableTag<int32_t>;
using Pairs = hn::Vec<PairTag>;

// The base of an arithmetic of pairs. The arithmetic defines `Pack(d, first, second, inverse)`,
// which rounds two vectors of floats to a vector of pairs, and `PackVectors(k, from, inverse, to)`,
// which packs neighbours in k by whole vectors and returns how many floats it has packed. Its
// `Adder` has `Add(a, columns, sum)`, which adds to sum[j] the dot products of the pair at `a` with
// those of columns[j].
template <class Arithmetic, class Adder>
struct PairArithmetic {
  using Element = int32_t;
  static constexpr int64_t kPerElement = 2;
  static constexpr bool kPacksA = true;

  // `next` holds the floats of the following k; it is null after the last k.
  template <class D>
  static HWY_INLINE void Join(D d, const float* from, const float* next, const float* inverse,
                              int32_t* to) {
    const auto second = next == nullptr ? hn::Zero(d) : hn::LoadU(d, next);
    const auto pairs = Arithmetic::Pack(d, hn::LoadU(d, from), second, hn::LoadU(d, inverse));
    hn::StoreU(pairs, hn::RebindToSigned<D>(), to);
  }
  static HWY_INLINE void ToElements(int64_t k, const float* from, float inverse, int32_t* to) {
    for (int64_t i = Arithmetic::PackVectors(k, from, inverse, to); i < k; i += 2) {
      const float* next = i + 1 < k ? from + i + 1 : nullptr;
      Join(hn::CappedTag<float, 1>(), from + i, next, &inverse, to + i / 2);
    }
  }

  template <int kRows, int kVectors, class Sum>
  static HWY_INLINE void Step(const int32_t* a, int64_t a_row, const int32_t* b,
                              Sum (&sum)[kRows][kVectors]) {
    const PairTag d;
    Pairs columns[kVectors];
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) columns[j] = hn::LoadU(d, b + j * hn::Lanes(d));
    HWY_UNROLL(8)
    for (int i = 0; i < kRows; ++i) Adder::Add(a + i * a_row, columns, sum[i]);
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
