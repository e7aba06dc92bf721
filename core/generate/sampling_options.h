// How text is drawn from a model, every choice made.
#ifndef RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_
#define RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_

#include <cstdint>

#include "core/nn/violations.h"

namespace runnel {

struct SamplingOptions {
  float temperature = 1;  // >= 0, finite; 0 takes the likeliest character
  uint64_t seed = 0;
  uint64_t sample_index = 0;  // which of several texts of one seed
  int64_t max_chars = 256;    // >= 1, in characters
};

// Fields as the wire names them: "sampling.temperature", "stop.max_chars". `max_chars_cap` is the
// server's.
void Validate(const SamplingOptions& options, int64_t max_chars_cap, Violations* violations);

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_
