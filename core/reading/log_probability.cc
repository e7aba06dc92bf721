#include "core/reading/log_probability.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace runnel {

double LogSumExp(absl::Span<const float> logits, absl::Span<const uint8_t> allowed) {
  double max = -std::numeric_limits<double>::infinity();
  for (size_t id = 0; id < logits.size(); ++id) {
    if (allowed.empty() || allowed[id] != 0) max = std::max<double>(max, logits[id]);
  }
  double sum = 0;
  for (size_t id = 0; id < logits.size(); ++id) {
    if (allowed.empty() || allowed[id] != 0) sum += std::exp(logits[id] - max);
  }
  return max + std::log(sum);
}

}  // namespace runnel
