#include "core/nn/parameters.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/math/gemm.h"
#include "core/math/random.h"

namespace runnel {
namespace {

// Beyond, the factorization would take minutes.
constexpr int64_t kOrthogonalHiddenMax = 1024;

}  // namespace

int64_t ParameterLayout::Add(Tensor tensor) {
  tensor.offset = size_;
  size_ += tensor.size();
  tensors_.push_back(std::move(tensor));
  return tensors_.back().offset;
}

const Tensor* ParameterLayout::Find(absl::string_view name) const {
  for (const Tensor& tensor : tensors_) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

template <typename Real>
void ToFileOrder(const Tensor& tensor, const Real* parameters, Real* values) {
  const Real* from = parameters + tensor.offset;
  if (tensor.transposed) {
    TransposeInto(tensor.cols, tensor.rows, from, values);
  } else {
    std::copy_n(from, tensor.size(), values);
  }
  const int64_t in_front = tensor.rows_in_front * tensor.row_size();
  std::rotate(values, values + in_front, values + tensor.size());
}

template <typename Real>
void FromFileOrder(const Tensor& tensor, const Real* values, Real* parameters) {
  Real* to = parameters + tensor.offset;
  std::vector<Real> rotated(values, values + tensor.size());
  const int64_t in_front = tensor.rows_in_front * tensor.row_size();
  std::rotate(rotated.begin(), rotated.end() - in_front, rotated.end());
  if (tensor.transposed) {
    TransposeInto(tensor.rows, tensor.cols, rotated.data(), to);
  } else {
    std::copy(rotated.begin(), rotated.end(), to);
  }
}

// Makes a block [H x H], filled with independent normal draws, orthogonal: uniform over all such
// matrices, as the factor Q whose R has a positive diagonal (Mezzadri, 2007).
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

// What kOrthogonal and kOrthogonalWide have beside uniform draws.
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

// Weights are drawn from +-this.
double BoundOf(const Tensor& tensor, Initialization initialization, int64_t hidden) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  if (initialization != Initialization::kOrthogonalWide) return bound;
  // What a character adds to a gate, on +-2.6, or as far on average through an embedding of
  // `tensor.cols` numbers.
  constexpr double kOfCharacter = 2.6;
  constexpr double kGain = 4;
  if (tensor.role == TensorRole::kEmbedding) {
    const double numbers = static_cast<double>(tensor.cols);
    return kOfCharacter / (kGain * bound * std::sqrt(numbers / 3));
  }
  if (tensor.role != TensorRole::kInputWeight) return bound;
  return tensor.transposed ? kOfCharacter : kGain * bound;
}

template <typename Real>
void InitializeParameters(const ParameterLayout& layout, Initialization initialization,
                          int hidden_size, uint64_t seed, Real* parameters,
                          Interruption* interruption) {
  constexpr int64_t kSlice = 1 << 20;  // parameters, some 10 ms
  for (const Tensor& tensor : layout.tensors()) {
    const double bound = BoundOf(tensor, initialization, hidden_size);
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
      InitializeByRole(tensor, hidden_size, seed, parameters, interruption);
    }
  }
}

template void ToFileOrder(const Tensor&, const float*, float*);
template void ToFileOrder(const Tensor&, const double*, double*);
template void FromFileOrder(const Tensor&, const float*, float*);
template void FromFileOrder(const Tensor&, const double*, double*);
template void InitializeParameters(const ParameterLayout&, Initialization, int, uint64_t, float*,
                                   Interruption*);
template void InitializeParameters(const ParameterLayout&, Initialization, int, uint64_t, double*,
                                   Interruption*);

}  // namespace runnel
