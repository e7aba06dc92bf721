// Which 16-bit arithmetics a processor can run. Compiled once for each instruction set.
#if defined(RUNNEL_CORE_MATH_GEMM_16_BITS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNEL_CORE_MATH_GEMM_16_BITS_INL_H_
#undef RUNNEL_CORE_MATH_GEMM_16_BITS_INL_H_
#else
#define RUNNEL_CORE_MATH_GEMM_16_BITS_INL_H_
#endif

#include "core/math/gemm_bf16-inl.h"
#include "core/math/gemm_int16-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace runnel {
namespace HWY_NAMESPACE {
namespace {

// Calls `f` with a value of each 16-bit arithmetic of this instruction set that the processor can
// run, the fastest first.
template <class F>
void ForEach16BitArithmetic(const F& f) {
#if HWY_TARGET == HWY_AVX3
  if (__builtin_cpu_supports("avx512bf16")) f(Bf16<AddBf16Dots>());
  if (__builtin_cpu_supports("avx512vnni")) f(Int16<AddInt16DotsByVnni>());
#elif HWY_TARGET == HWY_AVX2
  if (__builtin_cpu_supports("avxvnni")) f(Int16<AddInt16DotsByVnni>());
#endif
  f(Int16<AddInt16Dots>());
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace runnel
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
