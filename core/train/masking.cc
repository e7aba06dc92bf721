#include "core/train/masking.h"

#include <algorithm>
#include <cmath>

#include "core/math/random.h"
#include "core/nn/batch.h"

namespace runnel {

int MaskedSymbols(int steps, float fraction) {
  return std::clamp(static_cast<int>(std::lround(fraction * static_cast<float>(steps))), 1, steps);
}

void MaskWindow(uint64_t seed, int64_t window, int steps, int masked,
                std::optional<int32_t> end_of_document, int64_t stride, int32_t* inputs,
                int32_t* targets) {
  int characters = 0;
  for (int t = 0; t < steps; ++t) characters += inputs[t * stride] != end_of_document ? 1 : 0;
  int characters_left = std::min(masked, characters);
  int ends_left = masked - characters_left;
  // Selection sampling: Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 S.
  for (int t = 0; t < steps; ++t) {
    int32_t& input = inputs[t * stride];
    int32_t& target = targets[t * stride];
    const bool is_end = input == end_of_document;
    int& left = is_end ? ends_left : characters_left;
    const bool hidden =
        is_end ? left > 0
               : RandomUniform(seed, kMaskStream, window * steps + t) * characters-- < left;
    if (hidden) --left;
    target = hidden ? input : kNoTarget;
    if (hidden) input = kMaskedId;
  }
}

}  // namespace runnel
