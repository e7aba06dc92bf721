#include "core/reading/cloze_windows.h"

#include <algorithm>
#include <optional>

namespace runnel {

int64_t Surround(const Vocabulary& vocabulary, std::vector<int32_t>* symbols) {
  const std::optional<int32_t> end_of_document = vocabulary.EndOfDocumentId();
  if (!end_of_document) return 0;
  symbols->insert(symbols->begin(), *end_of_document);
  symbols->push_back(*end_of_document);
  return 1;
}

int64_t ClozeBlocks(int64_t begin, int64_t end) {
  return (end - begin + kClozeBlock - 1) / kClozeBlock;
}

ClozeWindow WindowOfBlock(int64_t block, int64_t begin, int64_t end, int64_t size) {
  ClozeWindow window;
  window.block_begin = begin + block * kClozeBlock;
  window.block_end = std::min(end, window.block_begin + kClozeBlock);
  window.begin = std::max<int64_t>(0, window.block_begin - kClozeMargin);
  window.end = std::min(size, window.block_end + kClozeMargin);
  return window;
}

}  // namespace runnel
