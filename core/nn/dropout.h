// Dropout (Srivastava et al., 2014) with one mask for each sequence (Gal and Ghahramani, 2016): the
// same units are dropped at every step of a batch, and the units that stay are divided by the share
// that stays. Dropout of recurrent weights is DropConnect (Merity et al., 2018), with one mask for
// all lanes.
#ifndef RUNNEL_CORE_NN_DROPOUT_H_
#define RUNNEL_CORE_NN_DROPOUT_H_

#include <cstdint>

namespace runnel {

struct Dropout {
  float input = 0;      // share of the first layer's input, [0, 1)
  float between = 0;    // of the units between layers
  float output = 0;     // of the last layer's units, before the output
  float recurrent = 0;  // of the recurrent weights

  // Sets the rates from the single one that users give. Between layers it is halved, because more
  // dropout there slows learning down and gains nothing in the end.
  void SetUnitRate(float rate) {
    between = rate / 2;
    output = rate;
  }
  bool any() const { return input > 0 || between > 0 || output > 0 || recurrent > 0; }
};

// The masks of one batch. Each element is a function of (seed, batch, lane, unit), so it does not
// depend on the thread or the shard that computes it.
struct DropoutDraw {
  Dropout rates;
  uint64_t seed = 0;
  uint64_t batch = 0;  // below 2^32
};

// Each kind of mask has its own site within a draw, so that no two masks share random numbers. The
// outputs of layer i have site kOutputsSite + i; its recurrent weights have kRecurrentSite + 2 i,
// or one more for the direction that reads backwards.
inline constexpr int kInputSite = 0;
inline constexpr int kOutputsSite = 1;
inline constexpr int kRecurrentSite = 64;

// mask[i] = 0 or 1 / (1 - rate), for the elements begin + i of a site.
template <typename Real>
void DrawMask(const DropoutDraw& draw, float rate, int site, int64_t begin, int64_t count,
              Real* mask);

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_DROPOUT_H_
