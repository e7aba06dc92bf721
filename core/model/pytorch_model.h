// A model out of a PyTorch state dict: nn.RNN, nn.LSTM or nn.GRU with a linear output layer, and an
// embedding or one-hot input, saved as safetensors.
//
// A state dict has no shape of its own beyond its tensors', and no vocabulary: the caller gives
// what it knows. Names are found by their ends, whatever the modules are called:
//
//   weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, ..._reverse   the recurrent module, under
//                                                                    one prefix ("rnn.", "", ...)
//   the other matrix, X.weight [V x directions*H], with X.bias       the output layer
//   a second one, Y.weight [V x E], without a bias                   the embedding
//
// Where both are of one shape and neither has a bias, their names must tell (embed..., emb,
// encoder, wte; output, out, fc, linear, decoder, head). Biases may be missing altogether
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

// What the caller knows of the network. Numbers that are absent are read off the tensors.
struct PyTorchModelSpec {
  CellType cell = CellType::kRnnTanh;
  std::optional<int> num_layers;
  std::optional<int> hidden_size;
  std::optional<int> embedding_size;  // 0: none
  bool bidirectional = false;
  VocabularyKind vocabulary_kind = VocabularyKind::kCodePoints;
  std::vector<char32_t> characters;  // in id order; of bytes: none
};

// Whether torch.nn has such a cell.
bool IsPyTorchCell(CellType cell);

// The model in the file `bytes`: everything of it but the summary. Its ids are in code-point order
// whatever the file's were. None if something is wrong, with `violations` that say what of:
// "network.cell_type" and so on, "vocabulary", or "chunk", the file.
// Tensors that were not needed are named in `passed_over`, which may be null.
std::optional<ModelData> ReadPyTorchModel(absl::string_view bytes, const PyTorchModelSpec& spec,
                                          Violations* violations,
                                          std::vector<std::string>* passed_over = nullptr);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_PYTORCH_MODEL_H_
