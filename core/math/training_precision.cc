#include "core/math/training_precision.h"

namespace runnel {

absl::string_view TrainingPrecisionName(TrainingPrecision precision) {
  switch (precision) {
    case TrainingPrecision::kF32:
      return "f32";
    case TrainingPrecision::kBf16:
      return "bf16";
  }
  return "";
}

std::optional<TrainingPrecision> TrainingPrecisionFromName(absl::string_view name) {
  for (const TrainingPrecision precision : kTrainingPrecisions) {
    if (TrainingPrecisionName(precision) == name) return precision;
  }
  return std::nullopt;
}

}  // namespace runnel
