#include "core/math/decode_precision.h"

#include <gtest/gtest.h>

#include <optional>

namespace runnel {
namespace {

TEST(DecodePrecision, Names_LeadBack) {
  EXPECT_EQ(kDecodePrecisions.Find("f32"), DecodePrecision::kF32);
  EXPECT_EQ(kDecodePrecisions.Find("bf16"), DecodePrecision::kBf16);
  EXPECT_EQ(kDecodePrecisions.Find("int8"), DecodePrecision::kInt8);
  for (const DecodePrecision precision : kDecodePrecisions) {
    EXPECT_EQ(kDecodePrecisions.Find(DecodePrecisionName(precision)), precision);
  }
}

TEST(DecodePrecision, OtherNames_AreNone) {
  for (const char* name : {"", "F32", "f16", "int8 ", "0", "fp32"}) {
    EXPECT_EQ(kDecodePrecisions.Find(name), std::nullopt) << name;
  }
  EXPECT_EQ(DecodePrecisionName(static_cast<DecodePrecision>(3)), "");
}

// Clients keep state tokens that contain these numbers.
TEST(DecodePrecision, Numbers_AreFixed) {
  EXPECT_EQ(static_cast<int>(DecodePrecision::kF32), 0);
  EXPECT_EQ(static_cast<int>(DecodePrecision::kBf16), 1);
  EXPECT_EQ(static_cast<int>(DecodePrecision::kInt8), 2);
}

}  // namespace
}  // namespace runnel
