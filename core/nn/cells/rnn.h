// The vanilla recurrent cell (Elman, 1990), with tanh or ReLU:
//
//   a[t] = W x[t] + U h[t-1] + b
//   h[t] = f(a[t])
//
// backward, from dh[t] = (what the layer above gives) + (what step t+1 gives, U^T da[t+1]):
//
//   da[t] = dh[t] * f'(a[t]),   f' = 1 - h^2 for tanh, [h > 0] for ReLU
//
// One gate row a hidden unit; one state, h.
#ifndef RUNNEL_CORE_NN_CELLS_RNN_H_
#define RUNNEL_CORE_NN_CELLS_RNN_H_

#include <cstdint>

#include "core/math/training_kernels.h"

namespace runnel {

enum class Activation { kTanh, kRelu };

template <Activation kActivation>
struct RnnCell {
  static constexpr int kGates = 1;
  static constexpr int kStates = 1;

  // `gates` holds a[t], [n]; writes h[t], [n]. n is lanes x hidden.
  template <typename Real>
  static void Forward(const TrainingKernels<Real>& kernels, int64_t n, const Real* gates, Real* h) {
    (kActivation == Activation::kTanh ? kernels.tanh : kernels.relu)(n, gates, h);
  }

  // Writes da[t] over `gates`.
  template <typename Real>
  static void Backward(const TrainingKernels<Real>& kernels, int64_t n, const Real* h,
                       const Real* dh_above, const Real* dh_next, Real* gates) {
    (kActivation == Activation::kTanh ? kernels.tanh_backward : kernels.relu_backward)(
        n, h, dh_above, dh_next, gates);
  }
};

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_CELLS_RNN_H_
