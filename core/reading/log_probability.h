// Log-probabilities of a softmax, in double precision, for logits of any magnitude.
#ifndef RUNNEL_CORE_READING_LOG_PROBABILITY_H_
#define RUNNEL_CORE_READING_LOG_PROBABILITY_H_

#include <cstdint>

#include "absl/types/span.h"

namespace runnel {

// Returns ln of the sum of exp(logit) over the ids whose `allowed` is not 0, or over all if
// `allowed` is empty; at least one must be allowed. An allowed id's log-probability, in nats, is
// its logit minus this.
double LogSumExp(absl::Span<const float> logits, absl::Span<const uint8_t> allowed = {});

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_LOG_PROBABILITY_H_
