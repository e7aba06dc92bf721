// How weights are stored for decoding. Sessions' states and all other arithmetic stay f32.
#ifndef RUNNEL_CORE_MATH_DECODE_PRECISION_H_
#define RUNNEL_CORE_MATH_DECODE_PRECISION_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace runnel {

// The numbers are part of state tokens.
enum class DecodePrecision : uint8_t {
  kF32 = 0,
  kBf16 = 1,  // weights rounded to bf16, half the memory; widened, then multiplied and added in f32
  kInt8 = 2,  // a quarter: weights of 8 bits with a scale for each row, columns quantised likewise
};

inline constexpr DecodePrecision kDecodePrecisions[] = {
    DecodePrecision::kF32, DecodePrecision::kBf16, DecodePrecision::kInt8};

// The precision's name in options and benchmarks: "f32", "bf16", "int8".
absl::string_view DecodePrecisionName(DecodePrecision precision);

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_DECODE_PRECISION_H_
