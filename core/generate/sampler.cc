#include "core/generate/sampler.h"

#include <cmath>

namespace runnel {

template <typename Real>
Draw Sampler::Next(absl::Span<const Real> logits, double temperature, double uniform,
                   absl::Span<const uint8_t> allowed) {
  const auto count = static_cast<int32_t>(logits.size());
  int32_t likeliest = -1;
  for (int32_t id = 0; id < count; ++id) {
    if (!allowed.empty() && allowed[id] == 0) continue;
    if (likeliest < 0 || logits[id] > logits[likeliest]) likeliest = id;
  }
  const double max = logits[likeliest];
  const double inverse_temperature = temperature > 0 ? 1 / temperature : 1;
  probabilities_.assign(count, 0);
  double sum = 0;
  for (int32_t id = 0; id < count; ++id) {
    if (!allowed.empty() && allowed[id] == 0) continue;
    // The difference first: the likeliest id's is 0 whatever the temperature, so the sum is at
    // least 1.
    probabilities_[id] = std::exp((static_cast<double>(logits[id]) - max) * inverse_temperature);
    sum += probabilities_[id];
  }

  int32_t drawn = likeliest;
  if (temperature > 0) {
    const double target = uniform * sum;
    double cumulative = 0;
    for (int32_t id = 0; id < count; ++id) {
      if (probabilities_[id] == 0) continue;
      cumulative += probabilities_[id];
      drawn = id;  // the last possible one, should rounding leave the target just out of reach
      if (cumulative > target) break;
    }
  }
  return {.id = drawn, .logprob = std::log(probabilities_[drawn] / sum)};
}

template Draw Sampler::Next(absl::Span<const float>, double, double, absl::Span<const uint8_t>);
template Draw Sampler::Next(absl::Span<const double>, double, double, absl::Span<const uint8_t>);

}  // namespace runnel
