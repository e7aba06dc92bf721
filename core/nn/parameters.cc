#include "core/nn/parameters.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/math/gemm.h"
#include "core/math/random.h"

namespace runnel {

int64_t ParameterLayout::Add(std::string name, TensorRole role, int64_t rows, int64_t cols,
                             bool transposed) {
  tensors_.push_back({std::move(name), role, rows, cols, transposed, size_});
  size_ += tensors_.back().size();
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
}

template <typename Real>
void FromFileOrder(const Tensor& tensor, const Real* values, Real* parameters) {
  Real* to = parameters + tensor.offset;
  if (tensor.transposed) {
    TransposeInto(tensor.rows, tensor.cols, values, to);
  } else {
    std::copy_n(values, tensor.size(), to);
  }
}

template <typename Real>
void InitializeParameters(const ParameterLayout& layout, Initialization initialization,
                          int hidden_size, uint64_t seed, Real* parameters) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(hidden_size));
  for (const Tensor& tensor : layout.tensors()) {
    const bool is_bias = tensor.role == TensorRole::kBias || tensor.role == TensorRole::kOutputBias;
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
