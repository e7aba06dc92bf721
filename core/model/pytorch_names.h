// Finds out which tensor of a PyTorch state dict is which, by names and shapes.
#ifndef RUNNEL_CORE_MODEL_PYTORCH_NAMES_H_
#define RUNNEL_CORE_MODEL_PYTORCH_NAMES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/safetensors.h"

namespace runnel {

// The tensors under Runnel's names: "rnn.weight_ih_l0", "output.weight", "output.bias",
// "embedding.weight", ... The pointers point into the header.
struct PyTorchTensors {
  std::map<std::string, const StoredTensor*> by_name;
  // Names in the file of tensors that are not weights and are not needed: num_batches_tracked.
  std::vector<std::string> passed_over;
  int num_layers = 0;
  bool bidirectional = false;
  bool has_biases = false;  // of the recurrent module
};

// Adds the tied tensors that the file leaves out. safetensors.torch.save_model stores one tensor of
// each tied group; the metadata map the names of the others to it. Call this after CheckPlacement,
// because the added tensors overlap.
void AddTiedTensors(SafetensorsHeader* header);

// DATA_LOSS naming the tensor that is missing, unknown or ambiguous. Shapes are not checked
// beyond their number of dimensions.
absl::StatusOr<PyTorchTensors> FindPyTorchTensors(const SafetensorsHeader& header);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_PYTORCH_NAMES_H_
