// How a bidirectional model sees a text of any length: through windows. The text is cut into blocks
// of 256 symbols; a block is predicted from the window that shows it with up to 64 symbols more on
// either side. So work grows with the text's length alone, and memory does not grow at all.
//
// A model of documents learnt to see its end-of-document symbol at both ends of one. It takes a
// text as one document, so the symbol surrounds it.
#ifndef RUNNEL_CORE_READING_CLOZE_WINDOWS_H_
#define RUNNEL_CORE_READING_CLOZE_WINDOWS_H_

#include <cstdint>
#include <vector>

#include "core/text/vocabulary.h"

namespace runnel {

inline constexpr int64_t kClozeBlock = 256;
inline constexpr int64_t kClozeMargin = 64;  // less than a block

// Symbols of a text, half-open ranges.
struct ClozeWindow {
  int64_t begin = 0;  // of what is seen
  int64_t end = 0;
  int64_t block_begin = 0;  // of what is predicted
  int64_t block_end = 0;

  int64_t steps() const { return end - begin; }
  bool Sees(int64_t symbol) const { return begin <= symbol && symbol < end; }
};

// Surrounds the symbols of a text, if the vocabulary is of documents. Returns how many symbols
// stand before the text then, and behind it: 1, or 0 if it is left as it is.
int64_t Surround(const Vocabulary& vocabulary, std::vector<int32_t>* symbols);

// How many blocks the symbols [begin, end) of a text make.
int64_t ClozeBlocks(int64_t begin, int64_t end);
// The window of one of them. The others of all `size` symbols are seen and not predicted.
ClozeWindow WindowOfBlock(int64_t block, int64_t begin, int64_t end, int64_t size);

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_CLOZE_WINDOWS_H_
