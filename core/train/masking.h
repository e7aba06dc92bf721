// What a bidirectional network is trained and evaluated on: windows of a text, some of whose
// symbols are hidden; only those are predicted. It would see any other target from behind.
#ifndef RUNNEL_CORE_TRAIN_MASKING_H_
#define RUNNEL_CORE_TRAIN_MASKING_H_

#include <cstdint>
#include <optional>

namespace runnel {

inline constexpr float kMaskFractionDefault = 0.15f;
// Symbols of a window: all that such a network sees of the text around a hidden one.
inline constexpr int kMaskedWindowDefault = 64;

// How many symbols of a window of `steps` are hidden: the fraction, rounded, at least 1.
int MaskedSymbols(int steps, float fraction);

// Hides `masked` symbols of a window, any of its characters equally likely: inputs[0],
// inputs[stride], ... become kMaskedId where targets keep the symbol, and targets become kNoTarget
// elsewhere. Ends of documents, which are never asked for, are hidden only where the characters are
// too few. Which ones depends on (seed, window) and on where documents end.
void MaskWindow(uint64_t seed, int64_t window, int steps, int masked,
                std::optional<int32_t> end_of_document, int64_t stride, int32_t* inputs,
                int32_t* targets);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_MASKING_H_
