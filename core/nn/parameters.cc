#include "core/nn/parameters.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/math/gemm.h"
#include "core/math/random.h"

namespace runnel {

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

template <typename Real>
void InitializeParameters(const ParameterLayout& layout, Initialization initialization,
                          int hidden_size, uint64_t seed, Real* parameters) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(hidden_size));
  for (const Tensor& tensor : layout.tensors()) {
    const bool is_bias = tensor.role == TensorRole::kBias ||
                         tensor.role == TensorRole::kRecurrentBias ||
                         tensor.role == TensorRole::kOutputBias;
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      double value = 0;
      if (initialization == Initialization::kUniformFanHidden) {
        value = bound * (2 * RandomUniform(seed, kInitialWeightsStream, i) - 1);
      } else if (!is_bias) {
        value = 0.01 * RandomNormal(seed, kInitialWeightsStream, i);
      }
      parameters[i] = static_cast<Real>(value);
    }
  }
}

template void ToFileOrder(const Tensor&, const float*, float*);
template void ToFileOrder(const Tensor&, const double*, double*);
template void FromFileOrder(const Tensor&, const float*, float*);
template void FromFileOrder(const Tensor&, const double*, double*);
template void InitializeParameters(const ParameterLayout&, Initialization, int, uint64_t, float*);
template void InitializeParameters(const ParameterLayout&, Initialization, int, uint64_t, double*);

}  // namespace runnel
