#include "core/base/random_id.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace runnel {
namespace {

TEST(RandomId, IsOneAndNoTwoAreAlike) {
  std::set<std::string> ids;
  std::set<uint64_t> seeds;
  for (int i = 0; i < 200; ++i) {
    ids.insert(RandomId());
    seeds.insert(RandomSeed());
    EXPECT_TRUE(IsRandomId(*ids.begin()));
  }
  EXPECT_EQ(ids.size(), 200u);
  EXPECT_EQ(seeds.size(), 200u);
}

TEST(RandomId, EveryDigitOccurs) {
  std::set<char> digits;
  for (int i = 0; i < 100; ++i) {
    for (const char digit : RandomId()) digits.insert(digit);
  }
  EXPECT_EQ(digits.size(), 16u);
}

TEST(RandomId, OtherTextsAreNone) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  EXPECT_TRUE(IsRandomId(id));
  EXPECT_FALSE(IsRandomId(""));
  EXPECT_FALSE(IsRandomId(id.substr(1)));
  EXPECT_FALSE(IsRandomId(id + "0"));
  for (const char wrong : {'g', 'A', '/', '.', ' ', '\0', '`', ':'}) {
    std::string other = id;
    other[5] = wrong;
    EXPECT_FALSE(IsRandomId(other)) << wrong;
  }
}

}  // namespace
}  // namespace runnel
