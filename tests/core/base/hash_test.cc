#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace runnel {
namespace {

// Values that the xxHash project publishes for no bytes at all. A change would make every model
// file and state token look damaged.
TEST(Hash, ValuesAreThoseOfXxh3) {
  EXPECT_EQ(Hash128Of("").Digits(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Hash64Of(""), 0x2d06800538d394c2u);
}

TEST(Hash, DigitsKeepLeadingZeros) {
  const Hash128 hash{.low = 0xA, .high = 1};
  EXPECT_EQ(hash.Digits(), "0000000000000001000000000000000a");
  EXPECT_EQ(hash.Digits().size(), static_cast<size_t>(kHash128Digits));
}

TEST(Hash, OfPiecesIsTheHashOfTheWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text.push_back(static_cast<char>(i * i));
  for (const size_t piece : {1, 7, 256, 4999}) {
    Hasher hasher;
    for (size_t i = 0; i < text.size(); i += piece) hasher.Add(text.substr(i, piece));
    EXPECT_EQ(hasher.Value(), Hash128Of(text)) << piece;
  }
  Hasher hasher;
  EXPECT_EQ(hasher.Value(), Hash128Of(""));
  hasher.Add(text);
  const Hasher moved = std::move(hasher);
  EXPECT_EQ(moved.Value(), Hash128Of(text));
}

TEST(Hash, TellsOneBitApart) {
  const std::string text = "brook";
  for (size_t i = 0; i < 8 * text.size(); ++i) {
    std::string other = text;
    other[i / 8] = static_cast<char>(other[i / 8] ^ 1 << i % 8);
    EXPECT_NE(Hash128Of(other), Hash128Of(text));
    EXPECT_NE(Hash64Of(other), Hash64Of(text));
  }
}

// FNV-1a of the eight bytes of each number, the lowest first: computed apart, in Python.
TEST(Fingerprint, IsFnv1a) {
  EXPECT_EQ(Fingerprint().value(), 0xCBF29CE484222325u);
  Fingerprint number;
  number.Add(7);
  EXPECT_EQ(number.value(), 0x4bd7a317074c5b62u);
  Fingerprint text;
  text.AddText("brook");
  EXPECT_EQ(text.value(), 0xe39a6a6078df815bu);
}

TEST(Fingerprint, TextsDoNotRunTogether) {
  Fingerprint one;
  one.AddText("ab");
  one.AddText("c");
  Fingerprint other;
  other.AddText("a");
  other.AddText("bc");
  EXPECT_NE(one.value(), other.value());
}

}  // namespace
}  // namespace runnel
