#include "core/train/masking.h"

#include <algorithm>
#include <cmath>

#include "core/math/random.h"
#include "core/nn/network.h"

namespace runnel {

int MaskedSymbols(int steps, float fraction) {
  return std::clamp(static_cast<int>(std::lround(fraction * static_cast<float>(steps))), 1, steps);
}

void MaskWindow(uint64_t seed, int64_t window, int steps, int masked, int64_t stride,
                int32_t* inputs, int32_t* targets) {
  // Selection sampling: Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 S.
  int left = masked;
  for (int t = 0; t < steps; ++t) {
    int32_t& input = inputs[t * stride];
    int32_t& target = targets[t * stride];
    const double uniform = RandomUniform(seed, kMaskStream, window * steps + t);
    if (uniform * (steps - t) < left) {
      target = input;
      input = kMaskedId;
      --left;
    } else {
      target = kNoTarget;
    }
  }
}

}  // namespace runnel
