// A network's parameters: one flat buffer with named tensors in it.
//
// The same layout serves weights, gradients and optimizer memories, so clipping, optimizers and
// reductions see plain arrays. Tensors carry PyTorch's names. A one-hot input's weights are kept
// transposed, [vocabulary x gates*hidden], so that looking a character up is reading one row;
// `ToFileOrder` and `FromFileOrder` translate to PyTorch's order.
#ifndef RUNNEL_CORE_NN_PARAMETERS_H_
#define RUNNEL_CORE_NN_PARAMETERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/interruption.h"

namespace runnel {

enum class TensorRole {
  kEmbedding,
  kInputWeight,
  kRecurrentWeight,
  kPeephole,
  kBias,           // of the gate rows; the sum of PyTorch's bias_ih and bias_hh
  kRecurrentBias,  // GRU_RESET_AFTER: the last rows of PyTorch's bias_hh, kept apart
  kOutputWeight,
  kOutputBias
};

struct Tensor {
  std::string name;  // in the file: "rnn.weight_ih_l0", "output.bias", ...
  TensorRole role;
  // In PyTorch's order; cols is 0 for a vector.
  int64_t rows = 0;
  int64_t cols = 0;
  // How the buffer differs from PyTorch's order: its last `rows_in_front` rows come first, then it
  // is transposed.
  int64_t rows_in_front = 0;
  bool transposed = false;
  // kBias: the first of the hidden_size elements whose positive values keep memory; -1: none.
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
  // Null if there is none of that name.
  const Tensor* Find(absl::string_view name) const;

 private:
  std::vector<Tensor> tensors_;
  int64_t size_ = 0;
};

// Copies one tensor out of / into a parameter buffer; `values` is in PyTorch's order, tensor.size()
// elements.
template <typename Real>
void ToFileOrder(const Tensor& tensor, const Real* parameters, Real* values);
template <typename Real>
void FromFileOrder(const Tensor& tensor, const Real* values, Real* parameters);

enum class Initialization {
  kNormal001,         // weights N(0, 0.01), biases 0: the classic script
  kUniformFanHidden,  // everything uniform on +-1/sqrt(hidden): PyTorch
  // Likewise, but each gate's recurrent weights are a random orthogonal matrix (Saxe et al., 2014),
  // unless there are more than 1,024 units, and the biases of forget gates are 1 (Jozefowicz et
  // al., 2015).
  kOrthogonal,
  // Likewise, but what layers read counts for more than what they remember: characters' weights are
  // uniform on +-2.6, whatever the network's size, as there is but one character at a time, and
  // embeddings such that they come to as much; weights of a layer's outputs, which are small at
  // first, on +-4/sqrt(hidden). Both by experiment: an LSTM then learns several times faster at
  // first.
  kOrthogonalWide,
};

// Fills `parameters` [layout.size()] for `seed`. Element i depends on (seed, i) alone; an
// orthogonal matrix on the elements that are its own. If interrupted, it returns early and leaves
// some parameters as they were; one orthogonal matrix takes up to half a second between questions.
template <typename Real>
void InitializeParameters(const ParameterLayout& layout, Initialization initialization,
                          int hidden_size, uint64_t seed, Real* parameters,
                          Interruption* interruption = nullptr);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_PARAMETERS_H_
