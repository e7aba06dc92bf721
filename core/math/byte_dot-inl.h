// The dot product of 8 bytes at a time that int8 products consist of, by the best instructions that
// the processor has. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_BYTE_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_BYTE_DOT_INL_H_
#undef RUNNEL_CORE_MATH_BYTE_DOT_INL_H_
#else
#define RUNNEL_CORE_MATH_BYTE_DOT_INL_H_
#endif

#include <cstdint>

#include "core/math/int8_matrix.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

inline constexpr int64_t kByteDotHalf = 4;                  // bytes that are adjacent
inline constexpr int64_t kByteDotGroup = 2 * kByteDotHalf;  // bytes that are added to a sum at once

// Each of these types adds the products of a group of weights and a column's values to a vector of
// 32-bit sums, one sum for each output. The two halves of a group are in two vectors. A column's
// values are stored with kOffset added. The sums, weights and values of a tile of kColumns columns
// by kVectors vectors fit in the registers.

#if HWY_TARGET == HWY_AVX3
// Uses the dot product of AVX-512-VNNI. The targets of Highway 1.0.3 do not include it. Therefore
// it is written in assembly, which a function of any target may contain, and the processor is asked
// for it at run time.
struct VnniByteDot {
  using Sum = __m512i;
  using Values = __m512i;
  using Weights = __m512i;
  static constexpr int64_t kLanes = 16;
  static constexpr int kVectors = 4;
  static constexpr int kColumns = 5;
  static constexpr int32_t kOffset = 128;  // One operand of the instruction is unsigned.
  static HWY_INLINE Sum Zero() { return _mm512_setzero_si512(); }
  static HWY_INLINE Weights Load(const int8_t* p) { return _mm512_loadu_si512(p); }
  static HWY_INLINE Values Repeat(int32_t half) { return _mm512_set1_epi32(half); }
  static HWY_INLINE Sum Add(Sum sum, Weights w0, Weights w1, Values x0, Values x1) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x0), "v"(w0));
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x1), "v"(w1));
    return sum;
  }
  static HWY_INLINE void Store(Sum sum, int32_t* p) { _mm512_storeu_si512(p, sum); }
};
#endif

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
struct ByteDot {
  using Sum = __m256i;
  using Values = __m256i;
  using Weights = __m256i;
  static constexpr int64_t kLanes = 8;
  static constexpr int kVectors = 2;
  static constexpr int kColumns = 4;
  static constexpr int32_t kOffset = 128;  // One operand of VPMADDUBSW is unsigned.
  static HWY_INLINE Sum Zero() { return _mm256_setzero_si256(); }
  static HWY_INLINE Weights Load(const int8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static HWY_INLINE Values Repeat(int32_t half) { return _mm256_set1_epi32(half); }
  // No 16-bit sum of four products saturates; see Int8Matrix.
  static HWY_INLINE Sum Add(Sum sum, Weights w0, Weights w1, Values x0, Values x1) {
    const __m256i fours =
        _mm256_add_epi16(_mm256_maddubs_epi16(x0, w0), _mm256_maddubs_epi16(x1, w1));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(fours, _mm256_set1_epi16(1)));
  }
  static HWY_INLINE void Store(Sum sum, int32_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), sum);
  }
};
#else
struct ByteDot {
  using Sum = int32_t;
  using Values = int32_t;
  using Weights = const int8_t*;
  static constexpr int64_t kLanes = 1;
  static constexpr int kVectors = 4;
  static constexpr int kColumns = 6;
  static constexpr int32_t kOffset = 0;
  static HWY_INLINE Sum Zero() { return 0; }
  static HWY_INLINE Weights Load(const int8_t* p) { return p; }
  static HWY_INLINE Values Repeat(int32_t half) { return half; }
  static HWY_INLINE Sum Add(Sum sum, Weights w0, Weights w1, Values x0, Values x1) {
    for (int64_t i = 0; i < kByteDotHalf; ++i) {
      sum +=
          w0[i] * static_cast<int8_t>(x0 >> (8 * i)) + w1[i] * static_cast<int8_t>(x1 >> (8 * i));
    }
    return sum;
  }
  static HWY_INLINE void Store(Sum sum, int32_t* p) { *p = sum; }
};
#endif

// Calls `f` with a value of the type that is fastest on this processor, unless a test forbids it.
template <class F>
auto WithByteDot(const F& f) {
#if HWY_TARGET == HWY_AVX3
  static const bool has_vnni = __builtin_cpu_supports("avx512vnni");
  if (has_vnni && VnniIsAllowed()) return f(VnniByteDot());
#endif
  return f(ByteDot());
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
