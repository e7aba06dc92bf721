#include "core/reading/char_indices.h"

namespace runnel {

std::vector<int32_t> CharIndices(const Vocabulary& vocabulary, const std::vector<int32_t>& text) {
  std::vector<int32_t> indices(text.size());
  int32_t index = -1;
  for (size_t i = 0; i < text.size(); ++i) {
    constexpr int32_t kContinuationBits = 0xC0;
    constexpr int32_t kContinuation = 0x80;
    const bool goes_on = vocabulary.kind() == VocabularyKind::kBytes &&
                         (text[i] & kContinuationBits) == kContinuation;
    if (!goes_on) ++index;
    indices[i] = index;
  }
  return indices;
}

}  // namespace runnel
