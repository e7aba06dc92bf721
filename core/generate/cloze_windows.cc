#include "core/generate/cloze_windows.h"

#include <algorithm>

namespace runnel {

int64_t ClozeBlocks(int64_t begin, int64_t size) {
  return (size - begin + kClozeBlock - 1) / kClozeBlock;
}

ClozeWindow WindowOfBlock(int64_t block, int64_t begin, int64_t size) {
  ClozeWindow window;
  window.block_begin = begin + block * kClozeBlock;
  window.block_end = std::min(size, window.block_begin + kClozeBlock);
  window.begin = std::max<int64_t>(0, window.block_begin - kClozeMargin);
  window.end = std::min(size, window.block_end + kClozeMargin);
  return window;
}

}  // namespace runnel
