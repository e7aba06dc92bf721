// The tensors of a model file under PyTorch's names and in its order, and how they become
// parameters.
//
// PyTorch adds two bias vectors where Runnel's networks train one. A file stores that one as
// `bias_ih` and zeros as `bias_hh`; a reader adds the two. If a network has a separate recurrent
// bias (TensorRole::kRecurrentBias), it is stored in the last rows of `bias_hh`.
#ifndef RUNNEL_CORE_MODEL_FILE_TENSORS_H_
#define RUNNEL_CORE_MODEL_FILE_TENSORS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/nn/parameters.h"

namespace runnel {

struct FileTensor {
  std::string name;
  std::vector<uint64_t> shape;
  Tensor target;                         // the network's tensor; for a bias_hh, that of its bias_ih
  bool is_added = false;                 // true for a bias_hh
  std::optional<Tensor> recurrent_bias;  // for a bias_hh: the tensor that its last rows belong to

  int64_t size() const { return target.size(); }
};

// The tensors in the layout's order, each bias_hh after its bias_ih.
std::vector<FileTensor> FileTensors(const ParameterLayout& layout);

// Writes the values that a file stores for the tensor, [size()], from the network's `parameters`.
void ToFile(const FileTensor& tensor, const float* parameters, float* values);

// Puts the values that a file stores, [size()], into `parameters`. A bias_hh must come after its
// bias_ih. DATA_LOSS if a sum of the two is not finite.
absl::Status FromFile(const FileTensor& tensor, const std::vector<float>& values,
                      float* parameters);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_FILE_TENSORS_H_
