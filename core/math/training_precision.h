// The arithmetic of training's matrix products. Weights, gradients, sums and all other arithmetic
// stay f32.
#ifndef RUNNEL_CORE_MATH_TRAINING_PRECISION_H_
#define RUNNEL_CORE_MATH_TRAINING_PRECISION_H_

#include "absl/strings/string_view.h"

namespace runnel {

enum class TrainingPrecision {
  kF32,
  // 16-bit numbers, whose products are summed in 32 bits, at up to twice f32's speed: bf16 where
  // the processor multiplies it (AVX-512-BF16), elsewhere integers that share a scale along k and
  // are summed exactly. Results differ between the two.
  k16Bit,
};

inline constexpr TrainingPrecision kTrainingPrecisions[] = {TrainingPrecision::kF32,
                                                            TrainingPrecision::k16Bit};

// The precision's name in benchmarks and files: "f32", "bf16".
absl::string_view TrainingPrecisionName(TrainingPrecision precision);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_TRAINING_PRECISION_H_
