// Reads a model from a PyTorch state dict that was saved as safetensors: nn.RNN, nn.LSTM or nn.GRU
// with a linear output layer, and with an embedding or one-hot input.
//
// A state dict describes neither the network, apart from the shapes of its tensors, nor the
// vocabulary, so the caller states what it knows. Tensors are recognised by the ends of their
// names; the modules may have any names:
//
//   weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, ..._reverse   the recurrent module, under
//                                                                    one prefix ("rnn.", "", ...)
//   the other matrix, X.weight [V x directions*H], with X.bias       the output layer
//   a second one, Y.weight [V x E], without a bias                   the embedding
//
// If both have the same shape and neither has a bias, their names must tell which is which (emb...,
// encoder, wte; out..., fc, linear, decoder, head). Biases may be missing altogether
// (bias=False) and are zeros then. The two matrices may be tied: then the file stores one of them
// under either name, as safetensors.torch.save_model does.
#ifndef RUNNEL_CORE_MODEL_PYTORCH_MODEL_H_
#define RUNNEL_CORE_MODEL_PYTORCH_MODEL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/violations.h"
#include "core/model/model_file.h"

namespace runnel {

// The caller's knowledge of the network. Numbers that are absent are derived from the tensors.
struct PyTorchModelSpec {
  CellType cell = CellType::kRnnTanh;
  std::optional<int> num_layers;
  std::optional<int> hidden_size;
  std::optional<int> embedding_size;  // 0: the network has no embedding
  bool bidirectional = false;
  VocabularyKind vocabulary_kind = VocabularyKind::kCodePoints;
  std::vector<char32_t> characters;  // in the order of their ids; empty for bytes
};

// Adds a violation for each number in `spec` that differs from the network of the file:
// "num_layers", "hidden_size", "embedding_size".
void CheckSizes(const PyTorchModelSpec& spec, const NetworkConfig& network, Violations* violations);

struct PyTorchModel {
  ModelData data;                        // without a summary of its training
  std::vector<std::string> passed_over;  // the names of tensors that are not weights
};

// Reads the model in the file `bytes`. Its ids are in code-point order, in whatever order the file
// had them. If something is wrong, returns nullopt and adds violations of "file", of "vocabulary",
// or of fields of the network: "cell_type", "num_layers", "hidden_size", "bidirectional",
// "embedding_size".
std::optional<PyTorchModel> ReadPyTorchModel(absl::string_view bytes, const PyTorchModelSpec& spec,
                                             Violations* violations);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_PYTORCH_MODEL_H_
