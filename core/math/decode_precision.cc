#include "core/math/decode_precision.h"

namespace runnel {

absl::string_view DecodePrecisionName(DecodePrecision precision) {
  switch (precision) {
    case DecodePrecision::kF32:
      return "f32";
    case DecodePrecision::kBf16:
      return "bf16";
    case DecodePrecision::kInt8:
      return "int8";
  }
  return "";
}

std::optional<DecodePrecision> DecodePrecisionFromName(absl::string_view name) {
  for (const DecodePrecision precision : kDecodePrecisions) {
    if (DecodePrecisionName(precision) == name) return precision;
  }
  return std::nullopt;
}

}  // namespace runnel
