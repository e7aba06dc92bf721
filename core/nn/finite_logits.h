// The check that a model's logits are finite. Even if all weights are finite, their products may
// not be: weights near 1e38 overflow, or become infinite when they are rounded to 16 bits.
#ifndef RUNNEL_CORE_NN_FINITE_LOGITS_H_
#define RUNNEL_CORE_NN_FINITE_LOGITS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace runnel {

// Whether no element of `values` is infinite or NaN.
inline bool AllFinite(absl::Span<const float> values) {
  // A finite number times 0 is 0. Any other number times 0 is NaN, and so is each sum that it is
  // added to. The compiler makes vectors of the separate sums.
  constexpr size_t kSums = 16;
  float sums[kSums] = {};
  size_t i = 0;
  for (; i + kSums <= values.size(); i += kSums) {
    for (size_t j = 0; j < kSums; ++j) sums[j] += values[i + j] * 0.0f;
  }
  float sum = 0;
  for (; i < values.size(); ++i) sum += values[i] * 0.0f;
  for (const float part : sums) sum += part;
  return sum == 0;
}

// The error of a call that meets logits which are not finite: DATA_LOSS. The caller puts the
// model's name before the message.
inline absl::Status NotFiniteError() {
  return absl::DataLossError("its weights give logits that are not finite");
}

inline absl::Status CheckFinite(absl::Span<const float> logits) {
  return AllFinite(logits) ? absl::OkStatus() : NotFiniteError();
}

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_FINITE_LOGITS_H_
