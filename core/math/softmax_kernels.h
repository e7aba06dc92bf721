// What drawing from a softmax needs of vectors. Every element is computed on its own, so a result
// is the same to the bit on every machine with fused multiply-add, whatever its vectors' width.
#ifndef RUNNEL_CORE_MATH_SOFTMAX_KERNELS_H_
#define RUNNEL_CORE_MATH_SOFTMAX_KERNELS_H_

#include <cstdint>

namespace runnel {

// The largest of `count` (>= 1) values.
float MaxOf(const float* values, int64_t count);
double MaxOf(const double* values, int64_t count);

// weights[i] = exp((values[i] - max) * scale) with max >= values[i], scale >= 0 and finite; within
// 1e-15 of it, relatively, and 0 below e^-700 or for what is no number.
void SoftmaxWeights(const float* values, int64_t count, float max, double scale, double* weights);
void SoftmaxWeights(const double* values, int64_t count, double max, double scale, double* weights);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_SOFTMAX_KERNELS_H_
