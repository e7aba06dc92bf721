// Hides symbols of the windows of text that a bidirectional network is trained and evaluated on.
// Only hidden symbols are predicted, because the network reads the text from both ends and would
// see any other target.
#ifndef RUNNEL_CORE_TRAIN_MASKING_H_
#define RUNNEL_CORE_TRAIN_MASKING_H_

#include <cstdint>
#include <optional>

namespace runnel {

inline constexpr float kMaskFractionDefault = 0.15f;
// The symbols of a window, which are all the text that the network sees around a hidden symbol.
inline constexpr int kMaskedWindowDefault = 64;

// The number of symbols that are hidden in a window of `steps`: the fraction, rounded, at least 1.
int MaskedSymbols(int steps, float fraction);

// Hides `masked` symbols of a window; each of its characters is equally likely to be hidden. At
// hidden places inputs[0], inputs[stride], ... become kMaskedId and targets keep the symbol; at all
// others targets become kNoTarget. Ends of documents, which are never asked for, are hidden only if
// there are too few characters. The choice depends on (seed, window) and on where documents end.
void MaskWindow(uint64_t seed, int64_t window, int steps, int masked,
                std::optional<int32_t> end_of_document, int64_t stride, int32_t* inputs,
                int32_t* targets);

}  // namespace runnel

#endif  // RUNNEL_CORE_TRAIN_MASKING_H_
