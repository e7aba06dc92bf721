// The precision of the matrix products of training. Weights, gradients, sums and all other
// arithmetic stay f32.
#ifndef RUNNEL_CORE_MATH_TRAINING_PRECISION_H_
#define RUNNEL_CORE_MATH_TRAINING_PRECISION_H_

#include "absl/strings/string_view.h"
#include "core/base/enum_table.h"

namespace runnel {

enum class TrainingPrecision {
  kF32,
  // The operands have 16 bits and the sums 32, which is up to twice as fast as f32. Where the
  // processor multiplies bf16 (AVX-512-BF16), the operands are bf16. Elsewhere they are integers
  // that share a scale along k, and sums are exact. The results of the two differ. Outside it is
  // called "bf16".
  k16Bit,
};

inline constexpr EnumTable<TrainingPrecision, 2> kTrainingPrecisions(
    {{TrainingPrecision::kF32, "f32"}, {TrainingPrecision::k16Bit, "bf16"}});

// The precision's name in benchmarks and files.
inline absl::string_view TrainingPrecisionName(TrainingPrecision precision) {
  return kTrainingPrecisions.NameOf(precision);
}

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_TRAINING_PRECISION_H_
