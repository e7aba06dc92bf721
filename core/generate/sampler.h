// Draws one symbol from a model's logits.
#ifndef RUNNEL_CORE_GENERATE_SAMPLER_H_
#define RUNNEL_CORE_GENERATE_SAMPLER_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace runnel {

struct Draw {
  int32_t id = 0;
  double logprob =
      0;  // nats, under the distribution it was drawn from (temperature 0: the model's own)
};

// Not thread-safe: it keeps a buffer.
class Sampler {
 public:
  // The distribution is softmax(logits / temperature) over the ids whose `allowed` is not 0 (all,
  // if it is empty); there must be one. Temperature 0 takes the likeliest id, the lowest on a tie;
  // above it, `uniform` (in [0, 1)) picks by the inverse of the cumulative distribution in id
  // order: the first id whose cumulative probability exceeds it.
  template <typename Real>
  Draw Next(absl::Span<const Real> logits, double temperature, double uniform,
            absl::Span<const uint8_t> allowed = {});

 private:
  std::vector<double> probabilities_;  // not normalised
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SAMPLER_H_
