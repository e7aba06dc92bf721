// What a bidirectional network is trained and evaluated on: windows of a text, some of whose
// symbols are hidden; only those are predicted. It would see any other target from behind.
#ifndef RUNNEL_CORE_TRAIN_MASKING_H_
#define RUNNEL_CORE_TRAIN_MASKING_H_

#include <cstdint>

namespace runnel {

inline constexpr float kMaskFractionDefault = 0.15f;
// Symbols of a window: all that such a network sees of the text around a hidden one.
inline constexpr int kMaskedWindowDefault = 64;

// How many symbols of a window of `steps` are hidden: the fraction, rounded, at least 1.
int MaskedSymbols(int steps, float fraction);

// Hides `masked` symbols of a window, any of them equally likely: inputs[0], inputs[stride], ...
// become kMaskedId where targets keep the symbol, and targets become kNoTarget elsewhere. Which
// ones depends on (seed, window) alone.
void MaskWindow(uint64_t seed, int64_t window, int steps, int masked, int64_t stride,
                int32_t* inputs, int32_t* targets);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_MASKING_H_
