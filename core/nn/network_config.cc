#include "core/nn/network_config.h"

#include "absl/strings/str_cat.h"
#include "core/text/utf8.h"

namespace runnel {

void Validate(const NetworkConfig& config, Violations* violations) {
  violations->CheckRange("num_layers", config.num_layers, 1, NetworkConfig::kLayersMax);
  violations->CheckRange("hidden_size", config.hidden_size, 1, NetworkConfig::kHiddenMax);
  violations->CheckRange("embedding_size", config.embedding_size, 0, NetworkConfig::kEmbeddingMax);
}

void Validate(const VocabularyRules& rules, Violations* violations) {
  if (rules.min_char_count < 1) {
    violations->Add("min_char_count",
                    absl::StrCat("is ", rules.min_char_count, "; must be 1 or more"));
  } else if (rules.min_char_count > 1 && rules.kind == VocabularyKind::kBytes) {
    violations->Add("min_char_count", absl::StrCat("is ", rules.min_char_count,
                                                   "; must be 1 where the symbols are bytes"));
  }
  constexpr int kMax = VocabularyRules::kSeparatorBytesMax;
  if (rules.document_separator.size() > kMax) {
    violations->Add("document_separator", absl::StrCat("has ", rules.document_separator.size(),
                                                       " bytes; at most ", kMax));
  } else if (!DecodeUtf8(rules.document_separator).ok()) {
    violations->Add("document_separator", "is not valid UTF-8");
  }
}

}  // namespace runnel
