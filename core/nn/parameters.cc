#include "core/nn/parameters.h"

#include <algorithm>
#include <utility>

#include "core/math/gemm.h"

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

template void ToFileOrder(const Tensor&, const float*, float*);
template void ToFileOrder(const Tensor&, const double*, double*);
template void FromFileOrder(const Tensor&, const float*, float*);
template void FromFileOrder(const Tensor&, const double*, double*);

}  // namespace runnel
