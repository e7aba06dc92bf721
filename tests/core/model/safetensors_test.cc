// The safetensors container: its types, and headers that lie. Version files in general are in
// model_file_damage_test.cc.
#include "core/model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "tests/core/model/model_testing.h"
#include "tests/core/model/safetensors_testing.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Bits>
std::string BytesOf(const std::vector<Bits>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Bits));
}

absl::StatusOr<std::vector<float>> Read(const char* dtype, uint64_t count,
                                        const std::string& data) {
  SafetensorsHeader header;
  header.tensors = {{"t", dtype, {count}, 0, data.size()}};
  const absl::Status placed = CheckPlacement(header, static_cast<int64_t>(data.size()));
  if (!placed.ok()) return placed;
  return ReadValues(header.tensors.front(), data);
}

TEST(Safetensors, EveryType_BecomesFloats) {
  EXPECT_THAT(*Read("F32", 3, BytesOf<float>({1.5f, -2, 0x1p-149f})),
              ElementsAre(1.5f, -2, 0x1p-149f));
  EXPECT_THAT(*Read("F64", 2, BytesOf<double>({0.1, -1e30})), ElementsAre(0.1f, -1e30f));
  EXPECT_THAT(*Read("BF16", 3, BytesOf<uint16_t>({0x3F80, 0xC040, 0x7F7F})),
              ElementsAre(1, -3, 0x1.FEp127f));
  // One, the largest, the smallest normal number and the smallest of all, minus two, minus zero.
  const auto half =
      *Read("F16", 6, BytesOf<uint16_t>({0x3C00, 0x7BFF, 0x0400, 0x0001, 0xC000, 0x8000}));
  EXPECT_THAT(half, ElementsAre(1, 65504, 0x1p-14f, 0x1p-24f, -2, 0));
  EXPECT_TRUE(std::signbit(half[5]));
}

TEST(Safetensors, NumbersThatNoFloatHolds_AreRefusedWithTheirPlace) {
  EXPECT_EQ(Read("F64", 2, BytesOf<double>({1, 1e39})).status(),
            absl::DataLossError("t holds 1e+39 at element 1; must be finite as a 32-bit float"));
  for (const uint16_t bits : {0x7C00, 0xFC00, 0x7E00}) {
    EXPECT_FALSE(Read("F16", 1, BytesOf<uint16_t>({bits})).ok()) << bits;
  }
  EXPECT_FALSE(Read("BF16", 1, BytesOf<uint16_t>({0x7F80})).ok());
  EXPECT_FALSE(Read("F32", 1, BytesOf<float>({-INFINITY})).ok());
}

TEST(Safetensors, OtherTypes_AreRefusedByName) {
  EXPECT_EQ(Read("I64", 1, std::string(8, '\0')).status(),
            absl::DataLossError("t has dtype \"I64\"; must be F32, F64, F16 or BF16"));
}

TEST(Safetensors, ShapeThatOverflows_IsRefused) {
  SafetensorsHeader header;
  header.tensors = {{"t", "F32", {uint64_t{1} << 32, uint64_t{1} << 32}, 0, 0}};
  EXPECT_THAT(std::string(CheckPlacement(header, 0).message()), HasSubstr("more than 2^64"));
  header.tensors = {{"t", "F32", {uint64_t{1} << 40}, 0, 16}};
  EXPECT_THAT(std::string(CheckPlacement(header, 16).message()),
              HasSubstr("must be 4398046511104 bytes long"));
}

TEST(Safetensors, TextIsToldApart) {
  EXPECT_EQ(SafetensorsHeaderBytes("import torch\n", 13).status(),
            absl::DataLossError("is not a safetensors file: it begins with \"import t\", which is "
                                "not the length of a header"));
}

TEST(Safetensors, ZipArchive_IsToldApart) {
  EXPECT_THAT(std::string(SafetensorsHeaderBytes("PK\x03\x04 and so on", 100).status().message()),
              HasSubstr("zip archive"));
}

TEST(Safetensors, Header_SurvivesTheRoundTrip) {
  const std::string bytes =
      FileOf({{"a.weight", Counting({2, 3})}, {"b", Counting({4})}}, {{"format", "pt"}});
  const auto header_bytes = SafetensorsHeaderBytes(bytes, static_cast<int64_t>(bytes.size()));
  ASSERT_TRUE(header_bytes.ok());
  const auto header = ParseSafetensorsHeader(absl::string_view(bytes).substr(8, *header_bytes));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->metadata->at("format"), "pt");
  EXPECT_EQ(header->tensors.size(), 2u);
  ASSERT_NE(header->Find("a.weight"), nullptr);
  EXPECT_THAT(header->Find("a.weight")->shape, ElementsAre(2, 3));
  EXPECT_EQ(header->Find("c"), nullptr);
  EXPECT_TRUE(CheckPlacement(*header, 40).ok());
  EXPECT_FALSE(CheckPlacement(*header, 41).ok());
  EXPECT_EQ(ElementCount(*header), 10);
}

}  // namespace
}  // namespace runnel
