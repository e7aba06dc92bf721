#include "core/generate/sampling_options.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace runnel {

void Validate(const SamplingOptions& options, int64_t max_chars_cap, Violations* violations) {
  if (!(options.temperature >= 0) || std::isinf(options.temperature)) {
    violations->Add("sampling.temperature",
                    absl::StrCat("is ", options.temperature, "; must be 0 or more, and finite"));
  }
  violations->CheckRange<int64_t>("stop.max_chars", options.max_chars, 1, max_chars_cap);
}

}  // namespace runnel
