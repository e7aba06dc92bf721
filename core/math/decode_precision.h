// How weights are stored for decoding. The states of sessions and all other arithmetic stay f32.
#ifndef RUNNEL_CORE_MATH_DECODE_PRECISION_H_
#define RUNNEL_CORE_MATH_DECODE_PRECISION_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "core/base/enum_table.h"

namespace runnel {

// The numbers are part of state tokens.
enum class DecodePrecision : uint8_t {
  kF32 = 0,
  // Weights are rounded to bf16, which takes half the memory, and widened again, then multiplied
  // and added in f32.
  kBf16 = 1,
  // Weights are integers of 8 bits with a scale for each row, which take a quarter of the memory.
  // Columns are quantised in the same way.
  kInt8 = 2,
};

inline constexpr EnumTable<DecodePrecision, 3> kDecodePrecisions({{DecodePrecision::kF32, "f32"},
                                                                  {DecodePrecision::kBf16, "bf16"},
                                                                  {DecodePrecision::kInt8,
                                                                   "int8"}});

// The precision's name in options and benchmarks.
inline absl::string_view DecodePrecisionName(DecodePrecision precision) {
  return kDecodePrecisions.NameOf(precision);
}

}  // namespace runnel

#endif  // RUNNEL_CORE_MATH_DECODE_PRECISION_H_
