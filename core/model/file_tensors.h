// The tensors of a model file under PyTorch's names and in its order, and how they become
// parameters.
//
// PyTorch adds two bias vectors where a network here trains one: `bias_ih` holds ours, `bias_hh` is
// zeros and is added when it is read. Where a network keeps a recurrent bias of its own
// (TensorRole::kRecurrentBias), that one is the last rows of `bias_hh`.
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
  Tensor target;                         // of a bias_hh: its bias_ih
  bool is_added = false;                 // a bias_hh
  std::optional<Tensor> recurrent_bias;  // of a bias_hh: what takes its last rows

  int64_t size() const { return target.size(); }
};

// In the layout's order, each bias_hh behind its bias_ih.
std::vector<FileTensor> FileTensors(const ParameterLayout& layout);

// The tensor as a file has it, [size()], out of `parameters`.
void ToFile(const FileTensor& tensor, const float* parameters, float* values);

// Puts the values of a file, [size()], into `parameters`; a bias_hh after its bias_ih. DATA_LOSS if
// the two add up to what is not finite.
absl::Status FromFile(const FileTensor& tensor, const std::vector<float>& values,
                      float* parameters);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_FILE_TENSORS_H_
