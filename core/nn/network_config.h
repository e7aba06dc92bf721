// The shape of a network: its cell, layers and sizes.
#ifndef RUNNEL_CORE_NN_NETWORK_CONFIG_H_
#define RUNNEL_CORE_NN_NETWORK_CONFIG_H_

#include "core/base/violations.h"
#include "core/nn/cell_type.h"
#include "core/text/vocabulary.h"

namespace runnel {

struct NetworkConfig {
  static constexpr int kLayersMax = 8;
  static constexpr int kHiddenMax = 4096;
  static constexpr int kEmbeddingMax = 4096;

  CellType cell = CellType::kRnnTanh;
  int num_layers = 1;     // 1..8
  int hidden_size = 128;  // 1..4096, of each direction
  // Reads the text from both ends; sees masked characters as kMaskedId.
  bool bidirectional = false;
  int embedding_size = 0;  // 0..4096; 0: one-hot input

  int directions() const { return bidirectional ? 2 : 1; }

  friend bool operator==(const NetworkConfig&, const NetworkConfig&) = default;
};

// Violations are named after the fields of NetworkConfig; those of VocabularyRules are
// "min_char_count" and "document_separator".
void Validate(const NetworkConfig& config, Violations* violations);
void Validate(const VocabularyRules& rules, Violations* violations);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_NETWORK_CONFIG_H_
