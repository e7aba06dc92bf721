// Log-probabilities of the softmax of logits, in double precision and whatever their size.
#ifndef RUNNEL_CORE_READING_LOG_PROBABILITY_H_
#define RUNNEL_CORE_READING_LOG_PROBABILITY_H_

#include <cstdint>

#include "absl/types/span.h"

namespace runnel {

// ln of the sum of exp(logit) over the ids whose `allowed` is not 0 (all, if it is empty); there
// must be one. The log-probability of an allowed id, in nats, is its logit minus this.
double LogSumExp(absl::Span<const float> logits, absl::Span<const uint8_t> allowed = {});

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_LOG_PROBABILITY_H_
