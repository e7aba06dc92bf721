// A network's parameters: one flat buffer with named tensors in it.
//
// Weights, gradients and optimizer memories have the same layout, so clipping, optimizers and
// reductions see plain arrays. Tensors have PyTorch's names. A one-hot input's weights are stored
// transposed, [vocabulary x gates*hidden], so that looking up a character means reading one row.
// `ToFileOrder` and `FromFileOrder` convert to and from PyTorch's order.
#ifndef RUNNEL_CORE_NN_PARAMETERS_H_
#define RUNNEL_CORE_NN_PARAMETERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace runnel {

enum class TensorRole {
  kEmbedding,
  kInputWeight,
  kRecurrentWeight,
  kPeephole,
  kBias,           // of the gate rows; the sum of PyTorch's bias_ih and bias_hh
  kRecurrentBias,  // only of GRU_RESET_AFTER: the last rows of PyTorch's bias_hh
  kOutputWeight,
  kOutputBias
};

struct Tensor {
  std::string name;  // in the file: "rnn.weight_ih_l0", "output.bias", ...
  TensorRole role;
  // In PyTorch's order; cols is 0 for a vector.
  int64_t rows = 0;
  int64_t cols = 0;
  // The differences of the buffer's order from PyTorch's: first PyTorch's last `rows_in_front` rows
  // are moved to the front, then the tensor is transposed.
  int64_t rows_in_front = 0;
  bool transposed = false;
  // In a kBias, the first of the hidden_size elements that keep memory if they are positive; -1 if
  // there are none.
  int64_t forget_begin = -1;
  int64_t offset = 0;  // in the buffer, in elements

  int64_t row_size() const { return cols == 0 ? 1 : cols; }
  int64_t size() const { return rows * row_size(); }
};

class ParameterLayout {
 public:
  // Appends a tensor, whose own offset does not matter, and returns its offset.
  int64_t Add(Tensor tensor);

  int64_t size() const { return size_; }  // elements
  const std::vector<Tensor>& tensors() const { return tensors_; }
  // Returns null if no tensor has that name.
  const Tensor* Find(absl::string_view name) const;

 private:
  std::vector<Tensor> tensors_;
  int64_t size_ = 0;
};

// Copies one tensor out of a parameter buffer or into it. `values` has tensor.size() elements in
// PyTorch's order.
template <typename Real>
void ToFileOrder(const Tensor& tensor, const Real* parameters, Real* values);
template <typename Real>
void FromFileOrder(const Tensor& tensor, const Real* values, Real* parameters);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_PARAMETERS_H_
