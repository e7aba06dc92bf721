#include "core/nn/initialization.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/math/random.h"

namespace runnel {
namespace {

// With more units, the factorization would take minutes.
constexpr int64_t kOrthogonalHiddenMax = 1024;

// Fills a block [H x H] with a random orthogonal matrix, uniform over all such matrices: the factor
// Q of a matrix of independent normal draws whose factor R has a positive diagonal (Mezzadri,
// 2007).
template <typename Real>
void Orthogonalize(int64_t hidden, uint64_t seed, int64_t first, Real* block,
                   Interruption* interruption) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix draws(hidden, hidden);
  for (int64_t i = 0; i < hidden * hidden; ++i) {
    draws(i / hidden, i % hidden) = RandomNormal(seed, kInitialWeightsStream, first + i);
  }
  if (IsInterrupted(interruption)) return;
  const Eigen::HouseholderQR<Matrix> qr(draws);
  if (IsInterrupted(interruption)) return;
  const Matrix q = qr.householderQ();
  for (int64_t i = 0; i < hidden * hidden; ++i) {
    const double sign = qr.matrixQR()(i % hidden, i % hidden) < 0 ? -1 : 1;
    block[i] = static_cast<Real>(sign * q(i / hidden, i % hidden));
  }
}

// Replaces the uniform draws that kOrthogonal and kOrthogonalWide do not keep.
template <typename Real>
void InitializeByRole(const Tensor& tensor, int64_t hidden, uint64_t seed, Real* parameters,
                      Interruption* interruption) {
  Real* values = parameters + tensor.offset;
  if (tensor.role == TensorRole::kRecurrentWeight && hidden <= kOrthogonalHiddenMax) {
    for (int64_t i = 0; i < tensor.size(); i += hidden * hidden) {
      if (IsInterrupted(interruption)) return;
      Orthogonalize(hidden, seed, tensor.offset + i, values + i, interruption);
    }
  }
  if (tensor.forget_begin >= 0) std::fill_n(values + tensor.forget_begin, hidden, Real{1});
}

// Returns the bound of a tensor's uniform draws: they are from +-bound.
double BoundOf(const Tensor& tensor, Initialization initialization, int64_t hidden) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  if (initialization != Initialization::kOrthogonalWide) return bound;
  // A one-hot character adds up to 2.6 to a gate. An embedding of `tensor.cols` numbers is drawn so
  // that it adds as much on average.
  constexpr double kOfCharacter = 2.6;
  constexpr double kGain = 4;
  if (tensor.role == TensorRole::kEmbedding) {
    const double numbers = static_cast<double>(tensor.cols);
    return kOfCharacter / (kGain * bound * std::sqrt(numbers / 3));
  }
  if (tensor.role != TensorRole::kInputWeight) return bound;
  return tensor.transposed ? kOfCharacter : kGain * bound;
}

}  // namespace

template <typename Real>
void InitializeParameters(const Network<Real>& network, Initialization initialization,
                          uint64_t seed, Real* parameters, Interruption* interruption) {
  constexpr int64_t kSlice = 1 << 20;  // parameters, which take about 10 ms
  const int64_t hidden = network.config().hidden_size;
  for (const Tensor& tensor : network.layout().tensors()) {
    const double bound = BoundOf(tensor, initialization, hidden);
    const bool is_bias = tensor.role == TensorRole::kBias ||
                         tensor.role == TensorRole::kRecurrentBias ||
                         tensor.role == TensorRole::kOutputBias;
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      if ((i - tensor.offset) % kSlice == 0 && IsInterrupted(interruption)) return;
      double value = 0;
      if (initialization != Initialization::kNormal001) {
        value = bound * (2 * RandomUniform(seed, kInitialWeightsStream, i) - 1);
      } else if (!is_bias) {
        value = 0.01 * RandomNormal(seed, kInitialWeightsStream, i);
      }
      parameters[i] = static_cast<Real>(value);
    }
    if (initialization == Initialization::kOrthogonal ||
        initialization == Initialization::kOrthogonalWide) {
      InitializeByRole(tensor, hidden, seed, parameters, interruption);
    }
  }
}

template void InitializeParameters(const Network<float>&, Initialization, uint64_t, float*,
                                   Interruption*);
template void InitializeParameters(const Network<double>&, Initialization, uint64_t, double*,
                                   Interruption*);

}  // namespace runnel
