// The element by element arithmetic of training, vectorised: a table of functions for each
// instruction set, of which one is chosen at run time.
//
// Buffers are dense and need no alignment. An output may be the same buffer as an input. Element i
// of an output depends only on elements i of the inputs, except where a sum is returned.
#ifndef RUNNEL_CORE_MATH_TRAINING_KERNELS_H_
#define RUNNEL_CORE_MATH_TRAINING_KERNELS_H_

#include <cstdint>

namespace runnel {

template <typename Real>
struct TrainingKernels {
  // out = a + b
  void (*add)(int64_t n, const Real* a, const Real* b, Real* out);
  // out [n] += the sum of `rows` rows of x, which are `stride` apart and are added in order.
  void (*add_rows)(int64_t rows, int64_t n, const Real* x, int64_t stride, Real* out);
  // out += scale * x
  void (*add_scaled)(int64_t n, Real scale, const Real* x, Real* out);
  // out = a * b
  void (*multiply)(int64_t n, const Real* a, const Real* b, Real* out);
  // Replaces one character's logits [v] by the gradient of `scale` times its cross-entropy, which
  // is scale * (softmax - onehot). Returns the unscaled cross-entropy in nats, NaN if a logit is
  // NaN.
  double (*softmax_cross_entropy)(int64_t v, int64_t target, Real scale, Real* logits);
  // The sum of x^2.
  double (*sum_of_squares)(int64_t n, const Real* x);
  // Clips each x to [-bound, bound]. NaN stays NaN.
  void (*clip)(int64_t n, Real bound, Real* x);
  // out += rate (x - out)
  void (*move_towards)(int64_t n, Real rate, const Real* x, Real* out);
};

// The table for this processor. Real is float or double.
template <typename Real>
const TrainingKernels<Real>& GetTrainingKernels();

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_TRAINING_KERNELS_H_
