// Which tensor of a PyTorch state dict is which, by the names and shapes alone.
#ifndef RUNNEL_CORE_MODEL_PYTORCH_NAMES_H_
#define RUNNEL_CORE_MODEL_PYTORCH_NAMES_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "core/model/safetensors.h"

namespace runnel {

// The tensors under this repository's names: "rnn.weight_ih_l0", "output.weight", "output.bias",
// "embedding.weight", ... Pointers into the header.
struct PyTorchTensors {
  std::map<std::string, const StoredTensor*> by_name;
  int num_layers = 0;
  bool bidirectional = false;
  bool has_biases = false;  // of the recurrent module
};

// DATA_LOSS naming the tensor that is missing, left over or ambiguous. Shapes are not checked
// beyond their number of dimensions.
absl::StatusOr<PyTorchTensors> FindPyTorchTensors(const SafetensorsHeader& header);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_PYTORCH_NAMES_H_
