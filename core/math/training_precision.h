// The arithmetic of training's matrix products. Weights, gradients, sums and all other arithmetic
// stay f32.
#ifndef RUNNEL_CORE_MATH_TRAINING_PRECISION_H_
#define RUNNEL_CORE_MATH_TRAINING_PRECISION_H_

#include "absl/strings/string_view.h"

namespace runnel {

enum class TrainingPrecision {
  kF32,
  // Both sides rounded to bf16, products summed in f32: by AVX-512's dot product of bf16, at twice
  // f32's peak, where the processor has it; slower than f32 elsewhere. Sums differ from one kind of
  // processor to another.
  kBf16,
};

inline constexpr TrainingPrecision kTrainingPrecisions[] = {TrainingPrecision::kF32,
                                                            TrainingPrecision::kBf16};

// The precision's name in benchmarks and files: "f32", "bf16".
absl::string_view TrainingPrecisionName(TrainingPrecision precision);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_TRAINING_PRECISION_H_
