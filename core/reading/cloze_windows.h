// A bidirectional model reads a text of any length through windows. The text is cut into blocks of
// 256 symbols, and each block is predicted from a window of that block and up to 64 symbols on
// either side. So the work is proportional to the text's length, and the memory does not depend on
// it.
//
// A model of documents has learnt that the end-of-document symbol is at both ends of a document. It
// takes a text as one document, so the symbol is put at both ends of the text.
#ifndef RUNNEL_CORE_READING_CLOZE_WINDOWS_H_
#define RUNNEL_CORE_READING_CLOZE_WINDOWS_H_

#include <cstdint>
#include <vector>

#include "core/text/vocabulary.h"

namespace runnel {

inline constexpr int64_t kClozeBlock = 256;
inline constexpr int64_t kClozeMargin = 64;  // less than a block

// Half-open ranges of a text's symbols.
struct ClozeWindow {
  int64_t begin = 0;  // the symbols that are read
  int64_t end = 0;
  int64_t block_begin = 0;  // the symbols that are predicted
  int64_t block_end = 0;

  int64_t steps() const { return end - begin; }
  bool Sees(int64_t symbol) const { return begin <= symbol && symbol < end; }
};

// Puts the end-of-document symbol at both ends of a text, if the vocabulary has it. Returns how
// many symbols were added at each end: 1 or 0.
int64_t Surround(const Vocabulary& vocabulary, std::vector<int32_t>* symbols);

// Returns the number of blocks in the symbols [begin, end) of a text.
int64_t ClozeBlocks(int64_t begin, int64_t end);
// Returns the window of one of these blocks, in a text of `size` symbols. Symbols outside [begin,
// end) are read but not predicted.
ClozeWindow WindowOfBlock(int64_t block, int64_t begin, int64_t end, int64_t size);

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_CLOZE_WINDOWS_H_
