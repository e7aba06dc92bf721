// How far the arithmetics of training round, and how far their results may therefore be from f32.
//
// Notation: r is the root mean square of the error that rounding adds to a number, relative to the
// root mean square of the numbers that are rounded. Rounding to the nearest of points that are a
// step apart adds an error that is uniform within half a step, whose root mean square is
// step / sqrt(12).
#ifndef RUNNEL_TESTS_CORE_MATH_ROUNDING_H_
#define RUNNEL_TESTS_CORE_MATH_ROUNDING_H_

#include <cmath>

#include "core/math/decode_precision.h"
#include "core/math/gemm_kernels.h"

namespace runnel {

// bf16 has 8 significant bits, so the numbers in [1, 2) are 2^-7 apart. r is largest where all
// numbers are close to 1: r = 2^-7 / sqrt(12) = 0.0023.
inline double Bf16Rounding() { return std::ldexp(1, -7) / std::sqrt(12); }

// Integers divide the largest magnitude L of a line (a row of A or a column of B, at most 1,024
// numbers) into 1,447 steps. Relative to the line's root mean square L / c, where c is its crest
// factor: r = (L / 1447 / sqrt(12)) / (L / c) = c / 5013. Of 1,024 normally distributed numbers c
// is about 3.4; 4 gives r = 0.0008. Lines of a few large numbers among many small ones have a
// larger crest factor, which is why products that have such lines stay f32.
inline double Int16Rounding() { return 4 / (1447 * std::sqrt(12)); }

// r of the arithmetic of these kernels, which is a 16-bit one.
inline double Rounding(const GemmKernels& kernels) {
  return kernels.arithmetic == GemmArithmetic::kInt16 ? Int16Rounding() : Bf16Rounding();
}

// r of a product of decoding, of weights that are uniformly distributed up to a largest magnitude
// L, so that their root mean square is L / sqrt(3).
//
// In bf16 only the weights are rounded. In int8 a step of the weights is 1/126 of the largest sum
// of four weights, hence at most 4 L / 126; a step of a column is 1/127 of its largest number,
// which is about 4 times its root mean square, as above. The errors of both add in the square.
inline double DecodeRounding(DecodePrecision precision) {
  if (precision == DecodePrecision::kBf16) return Bf16Rounding();
  const double weights = 4 * std::sqrt(3) / (126 * std::sqrt(12));
  const double columns = 4 / (127 * std::sqrt(12));
  return std::hypot(weights, columns);
}

// The relative error, in the root mean square over a tensor, of a gradient of a recurrent network
// of `layers` layers whose products are in 16 bits, at most.
//
// In the forward pass, each layer has two products on the longest path to a gradient: with the
// recurrent weights, and with the weights to the next layer (or to the logits). The backward pass
// has two more: 4 products a layer, with two rounded operands each, so 8 roundings. (The product
// with the logits' gradients is in f32, but the product for the weight gradient takes its place.)
// Errors of different roundings are independent, so their squares add up, and activations do not
// amplify relative errors, because their slopes are at most 1. The 4 roundings of the recurrent
// products also carry over from the previous step. If the gates halve them at each step, their
// squares add up to 1 + 1/4 + 1/16 + ... = 4/3. In all: r * sqrt(layers * (4 + 4 * 4/3)).
inline double GradientTolerance(double rounding, int layers) {
  return rounding * std::sqrt(layers * (4 + 4 * 4.0 / 3));
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_MATH_ROUNDING_H_
