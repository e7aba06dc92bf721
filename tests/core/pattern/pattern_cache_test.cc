#include "core/pattern/pattern_cache.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/core/pattern/parsed.h"

namespace runnel {
namespace {

TEST(PatternCache, SamePatternAndVocabulary_IsShared) {
  PatternCache cache;
  const Vocabulary letters = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  const auto pattern = cache.Get(Parsed("a*"), letters, {}).value();
  EXPECT_EQ(cache.Get(Parsed("a*"), letters, {}).value(), pattern);
  EXPECT_NE(cache.Get(Parsed("a+"), letters, {}).value(), pattern);
  EXPECT_NE(cache.Get(Parsed("a*"), Vocabulary::Bytes(), {}).value(), pattern);
  EXPECT_NE(cache.Get(Parsed("a*"), letters, CodePointSet::Of({{U'b', U'b'}})).value(), pattern);
  EXPECT_EQ(cache.Get(Parsed("a*"), letters, {}).value(), pattern);
}

TEST(PatternCache, BeyondItsBound_TheLeastRecentlyUsedGiveWay) {
  PatternCache cache;
  const auto kept = cache.Get(Parsed("kept"), Vocabulary::Bytes(), {}).value();
  const auto lost = cache.Get(Parsed("lost"), Vocabulary::Bytes(), {}).value();
  for (size_t i = 0; i < PatternCache::kKeptMax - 1; ++i) {
    ASSERT_TRUE(cache.Get(Parsed(absl::StrCat("other", i)), Vocabulary::Bytes(), {}).ok());
    EXPECT_EQ(cache.Get(Parsed("kept"), Vocabulary::Bytes(), {}).value(), kept);
  }
  EXPECT_NE(cache.Get(Parsed("lost"), Vocabulary::Bytes(), {}).value(), lost);
}

// Goes through all states of a{100}.
void WriteHundred(const Pattern& pattern) {
  Pattern::StatePtr state = pattern.Start();
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(state->accepts);
    state = pattern.Next(*state, 0);
  }
  ASSERT_TRUE(state->accepts);
}

TEST(PatternCache, MemoryForStates_IsSharedByAllPatterns) {
  const Vocabulary letters = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  PatternCache cache(/*state_bytes_max=*/3'000);
  int64_t kept = 0;
  for (const char* expression : {"a{100}", "(a{50}){2}", "a{99}[ab]"}) {
    const auto pattern = cache.Get(Parsed(expression), letters, {}).value();
    WriteHundred(*pattern);
    kept += pattern->states_kept();
  }
  EXPECT_GT(kept, 5);
  EXPECT_LT(kept, 3'000 / 256);
}

TEST(PatternMemory, OfAPatternThatIsGone_IsGivenBack) {
  const Vocabulary letters = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  const auto memory = std::make_shared<PatternMemory>(3'000);
  auto first = Pattern::Compile(Parsed("a{100}"), letters, {}, memory).value();
  const auto second = Pattern::Compile(Parsed("(a{50}){2}"), letters, {}, memory).value();
  WriteHundred(*first);
  WriteHundred(*second);
  EXPECT_EQ(second->states_kept(), 1);  // the start's
  first.reset();
  WriteHundred(*second);
  EXPECT_GT(second->states_kept(), 5);
}

TEST(PatternCache, TooLarge_IsRefused) {
  PatternCache cache;
  const ParsedPattern large = Parsed(".{1000}.{1000}.{1000}.{1000}");
  EXPECT_EQ(cache.Get(large, Vocabulary::Bytes(), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace runnel
