// The vector operations that drawing from a softmax needs. Every element is computed on its own, so
// a result has the same bits on every machine with fused multiply-add, whatever its vector width
// is.
#ifndef RUNNEL_CORE_MATH_SOFTMAX_KERNELS_H_
#define RUNNEL_CORE_MATH_SOFTMAX_KERNELS_H_

#include <cstdint>

namespace runnel {

// The largest of `count` (>= 1) values.
float MaxOf(const float* values, int64_t count);
double MaxOf(const double* values, int64_t count);

// weights[i] = exp((values[i] - max) * scale), where max >= values[i], and scale >= 0 is finite.
// The relative error is at most 1e-15. A weight is 0 below e^-700 and for a NaN.
void SoftmaxWeights(const float* values, int64_t count, float max, double scale, double* weights);
void SoftmaxWeights(const double* values, int64_t count, double max, double scale, double* weights);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_SOFTMAX_KERNELS_H_
