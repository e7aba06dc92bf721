#include "core/train/optimizer.h"

#include <cmath>

namespace runnel {

template <typename Real>
OptimizerState<Real>::OptimizerState(Optimizer optimizer, int64_t parameters)
    : optimizer_(optimizer),
      first_(parameters),
      second_(optimizer == Optimizer::kAdam ? parameters : 0) {}

template <typename Real>
void OptimizerState<Real>::BeginStep(Real learning_rate) {
  ++step_;
  const double step = static_cast<double>(step_);
  learning_rate_ = learning_rate;
  adam_.learning_rate = learning_rate;
  adam_.correction1 = static_cast<Real>(1 - std::pow(static_cast<double>(adam_.beta1), step));
  adam_.correction2 = static_cast<Real>(1 - std::pow(static_cast<double>(adam_.beta2), step));
}

template <typename Real>
void OptimizerState<Real>::Update(int64_t begin, int64_t end, Real scale, const Real* gradient,
                                  Real* weights) {
  const int64_t n = end - begin;
  switch (optimizer_) {
    case Optimizer::kAdagrad:
      kernels_.adagrad(n, scale, learning_rate_, gradient + begin, first_.data() + begin,
                       weights + begin);
      return;
    case Optimizer::kAdam:
      kernels_.adam(n, scale, adam_, gradient + begin, first_.data() + begin,
                    second_.data() + begin, weights + begin);
      return;
  }
}

template class OptimizerState<float>;
template class OptimizerState<double>;

}  // namespace runnel
