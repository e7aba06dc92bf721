#include "core/base/number_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "core/base/violations.h"

namespace runnel {
namespace {

TEST(NumberText, Number_HasAsManyDigitsAsTellItApart) {
  EXPECT_EQ(NumberText(0.1f), "0.1");
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(double{0.1f}), "0.1");
  EXPECT_EQ(NumberText(-0.5f), "-0.5");
  EXPECT_EQ(NumberText(100000.0f), "100000");
  EXPECT_EQ(NumberText(1.0000001f), "1.0000001");
  EXPECT_EQ(NumberText(std::nextafter(1.0, 2.0)), "1.0000000000000002");
  EXPECT_EQ(NumberText(std::nextafter(0.0f, -1.0f)), "-1.4013e-45");
  EXPECT_EQ(NumberText(16777217), "16777217");
  EXPECT_EQ(NumberText(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
}

TEST(NumberText, WhatIsNoFiniteNumber_IsNamed) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(NumberText(kInfinity), "inf");
  EXPECT_EQ(NumberText(-kInfinity), "-inf");
  EXPECT_EQ(NumberText(std::nanf("")), "nan");
  EXPECT_EQ(NumberText(-std::nan("")), "nan");
}

TEST(Violations, ValueNextToItsBound_IsToldApartFromIt) {
  Violations violations;
  violations.CheckRange<float>("min_p", std::nextafter(1.0f, 2.0f), 0, 1);
  violations.CheckRange<float>("min_p", 1, 0, 1);
  violations.CheckRange<double>("share", std::nextafter(0.25, 0.0), 0.25, 1);
  ASSERT_EQ(violations.list().size(), 2);
  EXPECT_EQ(violations.list()[0].description, "is 1.0000001; must be 0 to 1");
  EXPECT_EQ(violations.list()[1].description, "is 0.24999999999999997; must be 0.25 to 1");
}

}  // namespace
}  // namespace runnel
