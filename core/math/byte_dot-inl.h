// The dot product of bytes, 8 at a time, that int8 products are made of: the best that a machine
// has.
#if defined(RUNNEL_CORE_MATH_BYTE_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_BYTE_DOT_INL_H_
#undef RUNNEL_CORE_MATH_BYTE_DOT_INL_H_
#else
#define RUNNEL_CORE_MATH_BYTE_DOT_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {

inline constexpr int64_t kByteDotHalf = 4;                  // bytes that lie side by side
inline constexpr int64_t kByteDotGroup = 2 * kByteDotHalf;  // bytes that are added to a sum at once

// A type of these is arithmetic on a vector of 32-bit sums, one an output, to which the products of
// a group of weights and of a column's values are added, a half of the group in each of two
// vectors. A column's values are stored with kOffset added. kColumns x kVectors is the tile whose
// sums, weights and values fit the registers.

#if HWY_TARGET == HWY_AVX3
// The dot product of bytes of later AVX-512 machines, which Highway 1.0.3's AVX3 leaves out: hence
// the assembly, which any function may hold, and the question to the processor below.
struct VnniByteDot {
  using Sum = __m512i;
  using Values = __m512i;
  using Weights = __m512i;
  static constexpr int64_t kLanes = 16;
  static constexpr int kVectors = 4;
  static constexpr int kColumns = 5;
  static constexpr int32_t kOffset = 128;  // the instruction takes one side unsigned
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
  static constexpr int32_t kOffset = 128;  // as above
  static HWY_INLINE Sum Zero() { return _mm256_setzero_si256(); }
  static HWY_INLINE Weights Load(const int8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static HWY_INLINE Values Repeat(int32_t half) { return _mm256_set1_epi32(half); }
  // No 16-bit sum of four products can saturate: see Int8Matrix.
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

// Calls `f` with a value of the type to use.
template <class F>
auto WithByteDot(const F& f) {
#if HWY_TARGET == HWY_AVX3
  static const bool has_vnni = __builtin_cpu_supports("avx512vnni");
  if (has_vnni) return f(VnniByteDot());
#endif
  return f(ByteDot());
}

}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // toggle
