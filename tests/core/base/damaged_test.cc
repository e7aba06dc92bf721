#include "core/base/damaged.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

TEST(Damaged, ShortMessagesAreKept) {
  EXPECT_EQ(Damaged("has no weights"), absl::DataLossError("has no weights"));
  const std::string longest(500, 'a');
  EXPECT_EQ(Damaged(longest), absl::DataLossError(longest));
}

TEST(Damaged, LongMessagesAreCutBetweenTwoCharacters) {
  EXPECT_EQ(Damaged(std::string(501, 'a')),
            absl::DataLossError(absl::StrCat(std::string(500, 'a'), "...")));
  // The character of three bytes would end at byte 501.
  const std::string text = absl::StrCat(std::string(498, 'a'), "\xE4\xB8\x96", "b");
  EXPECT_EQ(Damaged(text), absl::DataLossError(absl::StrCat(std::string(498, 'a'), "...")));
  EXPECT_EQ(Damaged(std::string(600, '\x80')), absl::DataLossError("..."));
}

}  // namespace
}  // namespace runnel
