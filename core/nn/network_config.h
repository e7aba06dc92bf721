// The shape of a network: its cell, layers and sizes.
#ifndef RUNNEL_CORE_NN_NETWORK_CONFIG_H_
#define RUNNEL_CORE_NN_NETWORK_CONFIG_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "core/base/enum_table.h"
#include "core/base/violations.h"
#include "core/text/vocabulary.h"

namespace runnel {

enum class CellType {
  kRnnTanh,
  kRnnRelu,
  kLstm,
  kLstmPeephole,
  kLstmCoupled,
  kGruResetBefore,
  kGruResetAfter,
};

inline constexpr EnumTable<CellType, 7> kCellTypes({{CellType::kRnnTanh, "rnn_tanh"},
                                                    {CellType::kRnnRelu, "rnn_relu"},
                                                    {CellType::kLstm, "lstm"},
                                                    {CellType::kLstmPeephole, "lstm_peephole"},
                                                    {CellType::kLstmCoupled, "lstm_coupled"},
                                                    {CellType::kGruResetBefore, "gru_reset_before"},
                                                    {CellType::kGruResetAfter, "gru_reset_after"}});
static_assert(kCellTypes.size() == static_cast<size_t>(CellType::kGruResetAfter) + 1);

// The cell's name in files and benchmarks.
inline absl::string_view CellTypeName(CellType cell) { return kCellTypes.NameOf(cell); }

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

void Validate(const NetworkConfig& config, Violations* violations);
// The names of the fields are those of the wire's NetworkConfig, which also holds the rules of the
// vocabulary: "min_char_count", "document_separator".
void Validate(const VocabularyRules& rules, Violations* violations);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_NETWORK_CONFIG_H_
