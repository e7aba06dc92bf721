// Products of 16-bit integers that share scales, for processors without a product of bf16; see
// gemm_arithmetic-inl.h. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_GEMM_INT16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_INT16_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_INT16_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_INT16_INL_H_
#endif

#include <cstdint>
#include <type_traits>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Vectors of 32-bit sums, and of pairs of 16-bit integers whose products are added to them.
using PairTag = hn::ScalableTag<int32_t>;
using Pairs = hn::Vec<PairTag>;

// Adds the products of one row's pair and those of a row of B to sums: by two instructions, the
// first of which multiplies both halves and adds their products.
struct AddPairs {
  template <int kVectors>
  static HWY_INLINE void Add(const int32_t* a, const Pairs (&columns)[kVectors],
                             Pairs (&sum)[kVectors]) {
#if HWY_TARGET == HWY_AVX2
    // By assembly: left to itself the compiler reads all rows before it adds, and has no registers
    // left.
    static_assert(kVectors <= 2);
    __m256i row;
    __m256i products;
    if constexpr (kVectors == 2) {
      asm("vpbroadcastd %6, %2\n\t"
          "vpmaddwd %4, %2, %3\n\t"
          "vpmaddwd %5, %2, %2\n\t"
          "vpaddd %3, %0, %0\n\t"
          "vpaddd %2, %1, %1"
          : "+x"(sum[0].raw), "+x"(sum[1].raw), "=&x"(row), "=&x"(products)
          : "x"(columns[0].raw), "x"(columns[1].raw), "m"(*a));
    } else {
      asm("vpbroadcastd %3, %1\n\t"
          "vpmaddwd %2, %1, %1\n\t"
          "vpaddd %1, %0, %0"
          : "+x"(sum[0].raw), "=&x"(row)
          : "x"(columns[0].raw), "m"(*a));
    }
#elif HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
    const hn::Repartition<int16_t, PairTag> d16;
    const auto row = hn::BitCast(d16, hn::Set(PairTag(), *a));
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      Pairs unused = hn::Zero(PairTag());
      sum[j] = hn::ReorderWidenMulAccumulate(PairTag(), row, hn::BitCast(d16, columns[j]), sum[j],
                                             unused);
    }
#else
    const Pairs row = hn::Set(PairTag(), *a);
    const auto first = [](Pairs x) HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(x)); };
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
      const Pairs second = hn::Mul(hn::ShiftRight<16>(row), hn::ShiftRight<16>(columns[j]));
      sum[j] = hn::Add(sum[j], hn::Add(hn::Mul(first(row), first(columns[j])), second));
    }
#endif
  }
};

// Likewise by the instruction that also adds to the sum, which Highway 1.0.3's targets leave out:
// hence the assembly, which any function may hold, and the question to the processor in With16Bits.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
struct AddPairsAtOnce {
  template <int kVectors>
  static HWY_INLINE void Add(const int32_t* a, const Pairs (&columns)[kVectors],
                             Pairs (&sum)[kVectors]) {
    const Pairs row = hn::Set(PairTag(), *a);
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) {
#if HWY_TARGET == HWY_AVX3
      asm("vpdpwssd %2, %1, %0" : "+v"(sum[j].raw) : "v"(row.raw), "v"(columns[j].raw));
#else
      asm("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum[j].raw) : "x"(row.raw), "x"(columns[j].raw));
#endif
    }
  }
};
#endif

// Pairs, the first of k in the lower half. Values that share a scale, those of a row of A or a
// column of B along kDepth elements, become whole numbers of steps, kLargest for the largest of
// them: those of 1/8 of it keep as much as in bf16, which has 8 bits, larger ones more and smaller
// ones less. Sums are exact, so that a product has the same bits on every instruction set.
template <class Adder>
struct Int16 {
  using Element = int32_t;
  using Sum = Pairs;
  static constexpr int64_t kPerElement = 2;
  static constexpr bool kCopiesRows = true;
  static constexpr bool kHasScales = true;
  // Those of floats would leave AVX2 no register for products.
  static constexpr int kRowsMax = HWY_TARGET <= HWY_AVX3 ? 8 : 6;
  static constexpr int kPanelVectors = HWY_TARGET <= HWY_AVX3 ? 3 : 2;
  static constexpr int64_t kDepth = 512;
  static constexpr int32_t kLargest = 1447;
  static_assert(int64_t{kLargest} * kLargest * kPerElement * kDepth <= INT32_MAX);

  // Scales, as bits of floats, of `count` lines of `depth` floats, and their inverses. Lines lie
  // `line` apart, their floats `step`; one of the two is 1.
  static void MakeScales(int64_t count, int64_t depth, const float* from, int64_t line,
                         int64_t step, int32_t* scales, float* inverses) {
    if (line != 1) {
      for (int64_t i = 0; i < count; ++i) {
        const auto largest = LargestMagnitude(depth, from + i * line);
        MakeScale(hn::CappedTag<int32_t, 1>(), largest, scales + i, inverses + i);
      }
      return;
    }
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    int64_t i = 0;
    const auto make = [&](auto tag, auto vectors) HWY_ATTR {
      MakeScalesSideBySide<vectors()>(tag, depth, from + i, step, scales + i, inverses + i);
      i += vectors * static_cast<int64_t>(hn::Lanes(tag));
    };
    while (count - i >= 4 * lanes) make(d, std::integral_constant<int, 4>());
    while (count - i >= 2 * lanes) make(d, std::integral_constant<int, 2>());
    while (count - i >= lanes) make(d, std::integral_constant<int, 1>());
    while (i < count) make(hn::CappedTag<float, 1>(), std::integral_constant<int, 1>());
  }

  // `next` is null behind the last k.
  template <class D>
  static HWY_INLINE void Join(D d, const float* from, const float* next, const float* inverse,
                              int32_t* to) {
    const hn::RebindToSigned<D> di;
    const auto factor = hn::LoadU(d, inverse);
    auto pairs = hn::And(Round(d, from, factor), hn::Set(di, 0xFFFF));
    if (next != nullptr) pairs = hn::Or(pairs, hn::ShiftLeft<16>(Round(d, next, factor)));
    hn::StoreU(pairs, di, to);
  }
  static HWY_INLINE void ToElements(int64_t k, const float* from, float inverse, int32_t* to) {
    int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::ScalableTag<float> d;
    const hn::Rebind<int16_t, decltype(d)> d16;
    const hn::Repartition<int32_t, decltype(d16)> pairs;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    const auto factor = hn::Set(d, inverse);
    const auto beside = hn::BitCast(PairTag(), hn::Set(d, float{kBeside}));
    for (; i + lanes <= k; i += lanes, to += lanes / 2) {
      const auto rounded = hn::Sub(Round(d, from + i, factor), beside);
      hn::StoreU(hn::BitCast(pairs, hn::DemoteTo(d16, rounded)), pairs, to);
    }
#endif
    for (; i < k; i += 2, ++to) {
      Join(hn::CappedTag<float, 1>(), from + i, i + 1 < k ? from + i + 1 : nullptr, &inverse, to);
    }
  }

  template <int kRows, int kVectors>
  static HWY_INLINE void Step(const int32_t* a, int64_t a_row, const int32_t* b,
                              Sum (&sum)[kRows][kVectors]) {
    const PairTag d;
    Pairs columns[kVectors];
    HWY_UNROLL(3)
    for (int j = 0; j < kVectors; ++j) columns[j] = hn::LoadU(d, b + j * hn::Lanes(d));
    HWY_UNROLL(8)
    for (int i = 0; i < kRows; ++i) Adder::Add(a + i * a_row, columns, sum[i]);
  }

  static HWY_INLINE auto Total(Sum sum, const int32_t* column_scales, const int32_t* row_scale) {
    const hn::ScalableTag<float> d;
    const auto columns = hn::BitCast(d, hn::LoadU(PairTag(), column_scales));
    const auto row = hn::BitCast(d, hn::Set(PairTag(), *row_scale));
    return hn::Mul(hn::Mul(hn::ConvertTo(d, sum), columns), row);
  }

 private:
  // The bits of floats that are not negative are ordered as they are, with NaN above all.
  template <class D, class DI = hn::RebindToSigned<D>>
  static HWY_INLINE hn::Vec<DI> Magnitude(D d, const float* from) {
    return hn::BitCast(DI(), hn::Abs(hn::LoadU(d, from)));
  }

  // The bits of the largest magnitude among k floats.
  static HWY_INLINE hn::Vec<hn::CappedTag<int32_t, 1>> LargestMagnitude(int64_t k,
                                                                        const float* from) {
    const hn::ScalableTag<float> d;
    const hn::CappedTag<float, 1> one;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    Pairs wide = hn::Zero(PairTag());
    int64_t i = 0;
    for (; i + lanes <= k; i += lanes) wide = hn::Max(wide, Magnitude(d, from + i));
    const int32_t of_vectors = hn::GetLane(hn::MaxOfLanes(PairTag(), wide));
    auto largest = hn::Set(hn::CappedTag<int32_t, 1>(), of_vectors);
    for (; i < k; ++i) largest = hn::Max(largest, Magnitude(one, from + i));
    return largest;
  }

  // MakeScales of kVectors vectors of lines whose floats lie side by side.
  template <int kVectors, class D>
  static HWY_INLINE void MakeScalesSideBySide(D d, int64_t depth, const float* from, int64_t step,
                                              int32_t* scales, float* inverses) {
    constexpr int64_t kAhead = 16;
    const hn::RebindToSigned<D> di;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    hn::Vec<decltype(di)> largest[kVectors];
    HWY_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) largest[j] = hn::Zero(di);
    for (int64_t k = 0; k < depth; ++k, from += step) {
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        hwy::Prefetch(from + kAhead * step + j * lanes);
        largest[j] = hn::Max(largest[j], Magnitude(d, from + j * lanes));
      }
    }
    HWY_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) {
      MakeScale(di, largest[j], scales + j * lanes, inverses + j * lanes);
    }
  }

  // The scale of values whose largest magnitude has these bits, and its inverse: NaN where not all
  // are finite, 0 where they are so small that the inverse might not be finite.
  template <class DI>
  static HWY_INLINE void MakeScale(DI di, hn::Vec<DI> bits, int32_t* scale, float* inverse) {
    const hn::RebindToFloat<DI> d;
    const auto largest = hn::BitCast(d, bits);
    const auto is_finite = hn::RebindMask(d, hn::Lt(bits, hn::Set(di, 0x7F800000)));
    const auto in_use = hn::And(is_finite, hn::Ge(largest, hn::Set(d, 1e-30f)));
    const auto used = hn::IfThenElseZero(in_use, hn::Mul(largest, hn::Set(d, 1.0f / kLargest)));
    hn::StoreU(hn::BitCast(di, hn::IfThenElse(is_finite, used, hn::NaN(d))), di, scale);
    const auto inverted = hn::Div(hn::Set(d, float{kLargest}), largest);
    hn::StoreU(hn::IfThenElseZero(in_use, inverted), d, inverse);
  }

  // The nearest integers, to even on a tie, in the lower halves; what the upper ones hold is left
  // over. Beside such a number a float has no bits for fractions.
  static constexpr int32_t kBeside = 3 << 22;
  template <class D, class DI = hn::RebindToSigned<D>>
  static HWY_INLINE hn::Vec<DI> Round(D d, const float* from, hn::Vec<D> inverse) {
    const auto scaled = hn::Mul(hn::LoadU(d, from), inverse);
    return hn::BitCast(DI(), hn::Add(scaled, hn::Set(d, float{kBeside})));
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
