#include "core/generate/pattern_cache.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

TEST(PatternCache, SamePatternAndVocabulary_IsShared) {
  PatternCache cache;
  const Vocabulary letters = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  const auto pattern = cache.Get("a*", letters, {}).value();
  EXPECT_EQ(cache.Get("a*", letters, {}).value(), pattern);
  EXPECT_NE(cache.Get("a+", letters, {}).value(), pattern);
  EXPECT_NE(cache.Get("a*", Vocabulary::Bytes(), {}).value(), pattern);
  EXPECT_NE(cache.Get("a*", letters, CodePointSet::Of({{U'b', U'b'}})).value(), pattern);
  EXPECT_EQ(cache.Get("a*", letters, {}).value(), pattern);
}

TEST(PatternCache, BeyondItsBound_TheLeastRecentlyUsedGiveWay) {
  PatternCache cache;
  const auto kept = cache.Get("kept", Vocabulary::Bytes(), {}).value();
  const auto lost = cache.Get("lost", Vocabulary::Bytes(), {}).value();
  for (size_t i = 0; i < PatternCache::kKeptMax - 1; ++i) {
    ASSERT_TRUE(cache.Get(absl::StrCat("other", i), Vocabulary::Bytes(), {}).ok());
    EXPECT_EQ(cache.Get("kept", Vocabulary::Bytes(), {}).value(), kept);
  }
  EXPECT_NE(cache.Get("lost", Vocabulary::Bytes(), {}).value(), lost);
}

TEST(PatternCache, Malformed_IsRefused) {
  PatternCache cache;
  EXPECT_EQ(cache.Get("(", Vocabulary::Bytes(), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace runnel
