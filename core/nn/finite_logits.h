// The check that what a model says is made of numbers. Weights can be finite, and their products
// not: those of 1e38 overflow, or become infinite when they are rounded to 16 bits.
#ifndef RUNNEL_CORE_NN_FINITE_LOGITS_H_
#define RUNNEL_CORE_NN_FINITE_LOGITS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace runnel {

// Whether none of `values` is infinite or not a number.
inline bool AllFinite(absl::Span<const float> values) {
  // A finite number times 0 is 0, any other is not a number, and stays so in a sum. The sums side
  // by side become vectors.
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

// What a call ends with that meets logits which are not finite: DATA_LOSS. The model's name belongs
// before the message.
inline absl::Status NotFiniteError() {
  return absl::DataLossError("its weights give logits that are not finite");
}

inline absl::Status CheckFinite(absl::Span<const float> logits) {
  return AllFinite(logits) ? absl::OkStatus() : NotFiniteError();
}

}  // namespace runnel

#endif  // RUNNEL_CORE_NN_FINITE_LOGITS_H_
