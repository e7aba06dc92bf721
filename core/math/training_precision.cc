#include "core/math/training_precision.h"

namespace runnel {

absl::string_view TrainingPrecisionName(TrainingPrecision precision) {
  switch (precision) {
    case TrainingPrecision::kF32:
      return "f32";
    case TrainingPrecision::k16Bit:
      return "bf16";
  }
  return "";
}

}  // namespace runnel
