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

#include "core/math/gemm_pairs-inl.h"
#include "core/math/line_scale-inl.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// Adds dot products of pairs by two instructions: the first multiplies both halves and adds their
// products, the second adds this to the sum.
struct AddInt16Dots {
#if HWY_TARGET == HWY_AVX3
  static constexpr const char* kName = "int16 (AVX-512)";
#elif HWY_TARGET == HWY_AVX2
  static constexpr const char* kName = "int16 (AVX2)";
#else
  static constexpr const char* kName = "int16 (portable)";
#endif

  template <int kVectors>
  static HWY_INLINE void Add(const int32_t* a, const Pairs (&columns)[kVectors],
                             Pairs (&sum)[kVectors]) {
#if HWY_TARGET == HWY_AVX2
    // In assembly, because the compiler would load all rows before it adds, and run out of
    // registers.
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

// Adds dot products of pairs by one instruction, of AVX-512-VNNI or AVX-VNNI. The targets of
// Highway 1.0.3 do not include it. Therefore it is written in assembly, which a function of any
// target may contain, and the processor is asked for it at run time.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
struct AddInt16DotsByVnni {
#if HWY_TARGET == HWY_AVX3
  static constexpr const char* kName = "int16 (AVX-512-VNNI)";
#else
  static constexpr const char* kName = "int16 (AVX-VNNI)";
#endif

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

// Pairs of int16 and sums in int32. Each row of A and each column of B has one scale for every kKc
// elements; the largest magnitude among these becomes kLargest. Values above 1/8 of the largest are
// more precise than in bf16, which has 8 bits; smaller ones are less precise. For example, if the
// largest is 1.0, a step is 1/1447 = 0.0007, and bf16 has steps of 0.0005 between 1/16 and 1/8.
// Integer sums are exact, so a product has the same bits on every instruction set.
template <class Adder>
struct Int16 : PairArithmetic<Int16<Adder>, Adder> {
  static constexpr const char* kName = Adder::kName;
  static constexpr GemmArithmetic kArithmetic = GemmArithmetic::kInt16;
  using Sum = Pairs;
  static constexpr bool kHasScales = true;
  // With the micro-tile of floats, AVX2 would have no register left for products.
  static constexpr int kMr = HWY_TARGET <= HWY_AVX3 ? 8 : 6;
  static constexpr int kNrVectors = HWY_TARGET <= HWY_AVX3 ? 3 : 2;
  static constexpr int64_t kKc = 512;
  static constexpr int32_t kLargest = 1447;
  static_assert(int64_t{kLargest} * kLargest * 2 * kKc <= INT32_MAX);

  // Computes the scales (stored as the bits of floats) of `count` lines of `depth` floats, and
  // their inverses. Lines are `line` floats apart, and the floats of a line `step` apart; one of
  // the two distances is 1.
  static void MakeScales(int64_t count, int64_t depth, const float* from, int64_t line,
                         int64_t step, int32_t* scales, float* inverses) {
    if (line != 1) {
      const hn::CappedTag<int32_t, 1> one;
      for (int64_t i = 0; i < count; ++i) {
        const int32_t largest = LargestMagnitudeBits(depth, from + i * line);
        StoreScales(one, hn::Set(one, largest), scales + i, inverses + i);
      }
      return;
    }
    const Tag d;
    int64_t i = 0;
    const auto make = [&](auto tag, auto vectors) HWY_ATTR {
      MakeAdjacentScales<vectors()>(tag, depth, from + i, step, scales + i, inverses + i);
      i += vectors * static_cast<int64_t>(hn::Lanes(tag));
    };
    while (count - i >= 4 * Lanes()) make(d, std::integral_constant<int, 4>());
    while (count - i >= 2 * Lanes()) make(d, std::integral_constant<int, 2>());
    while (count - i >= Lanes()) make(d, std::integral_constant<int, 1>());
    while (i < count) make(hn::CappedTag<float, 1>(), std::integral_constant<int, 1>());
  }

  template <class D, class DI = hn::RebindToSigned<D>>
  static HWY_INLINE hn::Vec<DI> Pack(D d, hn::Vec<D> first, hn::Vec<D> second, hn::Vec<D> inverse) {
    const DI di;
    const auto lower = hn::And(Round(d, first, inverse), hn::Set(di, 0xFFFF));
    return hn::Or(lower, hn::ShiftLeft<16>(Round(d, second, inverse)));
  }
  static HWY_INLINE int64_t PackVectors([[maybe_unused]] int64_t k,
                                        [[maybe_unused]] const float* from,
                                        [[maybe_unused]] float inverse,
                                        [[maybe_unused]] int32_t* to) {
    int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
    const Tag d;
    const hn::Rebind<int16_t, Tag> d16;
    const hn::Repartition<int32_t, decltype(d16)> pairs;
    const Vector factor = hn::Set(d, inverse);
    const Pairs shift = hn::BitCast(PairTag(), hn::Set(d, kRoundingShift));
    for (; i + Lanes() <= k; i += Lanes(), to += Lanes() / 2) {
      const Pairs rounded = hn::Sub(Round(d, hn::LoadU(d, from + i), factor), shift);
      hn::StoreU(hn::BitCast(pairs, hn::DemoteTo(d16, rounded)), pairs, to);
    }
#endif
    return i;
  }

  static HWY_INLINE Vector Total(Sum sum, const int32_t* column_scales, const int32_t* row_scale) {
    const Tag d;
    const Vector columns = hn::BitCast(d, hn::LoadU(PairTag(), column_scales));
    const Vector row = hn::BitCast(d, hn::Set(PairTag(), *row_scale));
    return hn::Mul(hn::Mul(hn::ConvertTo(d, sum), columns), row);
  }

 private:
  template <class DI>
  static HWY_INLINE void StoreScales(DI di, hn::Vec<DI> largest_bits, int32_t* scales,
                                     float* inverses) {
    const hn::RebindToFloat<DI> d;
    const auto largest = hn::BitCast(d, largest_bits);
    const auto steps = hn::Mul(largest, hn::Set(d, 1.0f / kLargest));
    const auto made = MakeLineScale(d, largest, steps, kLargest);
    hn::StoreU(hn::BitCast(di, made.scale), di, scales);
    hn::StoreU(made.inverse, d, inverses);
  }

  // MakeScales for kVectors vectors of lines that are adjacent in memory.
  template <int kVectors, class D>
  static HWY_INLINE void MakeAdjacentScales(D d, int64_t depth, const float* from, int64_t step,
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
        largest[j] = hn::Max(largest[j], MagnitudeBits(d, from + j * lanes));
      }
    }
    HWY_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) {
      StoreScales(di, largest[j], scales + j * lanes, inverses + j * lanes);
    }
  }

  // Rounds value * inverse to the nearest integer, ties to even, by adding 1.5 * 2^23: the unit of
  // a float of that size is 1, so the low 16 bits of the sum are the integer. The high 16 bits are
  // garbage.
  static constexpr float kRoundingShift = 3 << 22;
  template <class D, class DI = hn::RebindToSigned<D>>
  static HWY_INLINE hn::Vec<DI> Round(D d, hn::Vec<D> value, hn::Vec<D> inverse) {
    return hn::BitCast(DI(), hn::Add(hn::Mul(value, inverse), hn::Set(d, kRoundingShift)));
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
