// A model of the bf16 dot product of AVX-512-BF16, which no emulator offers, and bf16 products that
// use it in the instruction's place, on every processor.
#ifndef RUNNEL_TESTS_CORE_MATH_BF16_MODEL_H_
#define RUNNEL_TESTS_CORE_MATH_BF16_MODEL_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/math/gemm_kernels.h"

namespace runnel {

// sum + a * b in f32 as VDPBF16PS computes it: a fused multiply-add that rounds once, to nearest
// even; denormal inputs count as zeros, and denormal results are flushed to zeros of their sign.
inline float FlushedMultiplyAdd(float sum, float a, float b) {
  constexpr float kSmallestNormal = std::numeric_limits<float>::min();
  const auto zero_if_denormal = [](float x) {
    return std::abs(x) < kSmallestNormal ? std::copysign(0.0f, x) : x;
  };
  sum = zero_if_denormal(sum);
  a = zero_if_denormal(a);
  b = zero_if_denormal(b);
  const float result = std::fma(a, b, sum);
  if (!(std::abs(result) <= kSmallestNormal)) return result;
  // The processor calls a result denormal if it is below the smallest normal number after rounding
  // to 24 bits with an unlimited exponent. Computing it 2^64 times as large rounds it so. Where a *
  // 2^64 overflows, the result is exact (0 or a normal number), and the comparison is false.
  const float larger = std::fma(a * 0x1p64f, b, sum * 0x1p64f);
  return std::abs(larger) < kSmallestNormal * 0x1p64f ? std::copysign(0.0f, larger) : result;
}

// One lane of VDPBF16PS (Intel, "Intel 64 and IA-32 Architectures Software Developer's Manual",
// volume 2, VDPBF16PS): the products of the upper halves are added first, then those of the lower.
inline float Bf16DotModel(float sum, uint32_t a, uint32_t b) {
  const auto upper = [](uint32_t pair) { return std::bit_cast<float>(pair & 0xFFFF0000u); };
  sum = FlushedMultiplyAdd(sum, upper(a), upper(b));
  return FlushedMultiplyAdd(sum, upper(a << 16), upper(b << 16));
}

// True, and writes one lane of VDPBF16PS to `sum`, if the processor has the instruction.
bool Bf16DotByInstruction(float* sum, uint32_t a, uint32_t b);

// The table of bf16 products for the chosen instruction set, with the model in the place of the
// instruction.
const GemmKernels& Bf16ModelKernels();

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MATH_BF16_MODEL_H_
