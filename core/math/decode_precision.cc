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

}  // namespace runnel
