// Products of bf16, for processors with AVX-512-BF16; see gemm_arithmetic-inl.h. Compiled once for
// each instruction set.
#if defined(RUNNEL_CORE_MATH_GEMM_BF16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_BF16_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_BF16_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_BF16_INL_H_
#endif

#include <cstdint>

#include "core/math/bf16-inl.h"
#include "core/math/gemm_pairs-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3
// Adds dot products of pairs by the instruction of AVX-512-BF16. The targets of Highway 1.0.3 do
// not include it. Therefore it is written in assembly, which a function of any target may contain,
// and the processor is asked for it at run time.
struct AddBf16Dots {
  static constexpr const char* kName = "bf16 (AVX-512-BF16)";

  template <int kVectors>
  static HWY_INLINE void Add(const int32_t* a, const Pairs (&columns)[kVectors],
                             Vector (&sum)[kVectors]) {
    const Pairs row = hn::Set(PairTag(), *a);
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      asm("vdpbf16ps %2, %1, %0" : "+v"(sum[j].raw) : "v"(row.raw), "v"(columns[j].raw));
    }
  }
};
#endif

// Pairs of bf16 and sums in f32. `Adder` is a parameter because tests run everything else of this
// arithmetic on processors without the instruction.
template <class Adder>
struct Bf16 : PairArithmetic<Bf16<Adder>, Adder> {
  static constexpr const char* kName = Adder::kName;
  static constexpr GemmArithmetic kArithmetic = GemmArithmetic::kBf16;
  using Sum = Vector;
  static constexpr bool kHasScales = false;
  static constexpr int kMr = 8;
  static constexpr int kNrVectors = 3;
  static constexpr int64_t kKc = 512;

  template <class D, class DI = hn::RebindToSigned<D>>
  static HWY_INLINE hn::Vec<DI> Pack(D d, hn::Vec<D> first, hn::Vec<D> second,
                                     hn::Vec<D> /*inverse*/) {
    const hn::RebindToUnsigned<D> du;
    const auto lower = hn::ShiftRight<16>(RoundToBf16(d, first));
    const auto upper = hn::And(RoundToBf16(d, second), hn::Set(du, 0xFFFF0000u));
    return hn::BitCast(DI(), hn::Or(lower, upper));
  }
  static HWY_INLINE int64_t PackVectors([[maybe_unused]] int64_t k,
                                        [[maybe_unused]] const float* from, float /*inverse*/,
                                        [[maybe_unused]] int32_t* to) {
    int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
    const Tag d;
    for (; i + 2 * Lanes() <= k; i += 2 * Lanes(), to += Lanes()) {
      const Vector low = hn::LoadU(d, from + i);
      const Vector high = hn::LoadU(d, from + i + Lanes());
      const Vector even = hn::ConcatEven(d, high, low);
      hn::StoreU(Pack(d, even, hn::ConcatOdd(d, high, low), even), PairTag(), to);
    }
#endif
    return i;
  }

  static HWY_INLINE Vector Total(Sum sum, const int32_t* /*columns*/, const int32_t* /*row*/) {
    return sum;
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
