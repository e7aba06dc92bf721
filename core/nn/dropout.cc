#include "core/nn/dropout.h"

#include "core/math/random.h"

namespace runnel {

template <typename Real>
void DrawMask(const DropoutDraw& draw, float rate, int site, int64_t begin, int64_t count,
              Real* mask) {
  const double keep = 1.0 - static_cast<double>(rate);
  const Real scale = static_cast<Real>(1 / keep);
  constexpr double kTwoTo32 = 4294967296.0;
  const auto kept_below = static_cast<uint64_t>(keep * kTwoTo32);
  // One draw gives the bits of four neighbours.
  RandomBits bits = {};
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t element = begin + i;
    if (i == 0 || element % 4 == 0) {
      bits = Random(draw.seed, kDropoutStream + site, draw.batch << 32 | element / 4);
    }
    const uint64_t half = element % 4 < 2 ? bits.low : bits.high;
    const uint64_t word = element % 2 == 0 ? half & 0xFFFF'FFFF : half >> 32;
    mask[i] = word < kept_below ? scale : Real{0};
  }
}

template void DrawMask(const DropoutDraw&, float, int, int64_t, int64_t, float*);
template void DrawMask(const DropoutDraw&, float, int, int64_t, int64_t, double*);

}  // namespace runnel
