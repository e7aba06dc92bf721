#include "core/reading/blank_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nn/batch.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EncodeBlankText, Blanks_AreMaskedAndCountedInCharacters) {
  const auto vocabulary = Vocabulary::FromCodePoints({U'a', U'b', U'\u00E9'}).value();
  const auto text = EncodeBlankText(vocabulary, "\u00E9_ab_", "_");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(text->ids, ElementsAre(2, kMaskedId, 0, 1, kMaskedId));
  EXPECT_THAT(text->positions, ElementsAre(1, 4));
}

TEST(EncodeBlankText, BlankThatTheVocabularyHas_IsABlankAllTheSame) {
  const auto vocabulary = Vocabulary::FromCodePoints({U'a', U'b', U'\u00E9'}).value();
  const auto text = EncodeBlankText(vocabulary, "a\u00E9b", "\u00E9");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(text->ids, ElementsAre(0, kMaskedId, 1));
  EXPECT_THAT(text->positions, ElementsAre(1));
}

TEST(EncodeBlankText, Bytes_AreThoseOfTheOtherCharacters) {
  const auto text = EncodeBlankText(Vocabulary::Bytes(), "\u00E9?b\u4E16?", "?");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(text->ids, ElementsAre(0xC3, 0xA9, kMaskedId, 'b', 0xE4, 0xB8, 0x96, kMaskedId));
  EXPECT_THAT(text->positions, ElementsAre(1, 4));
}

TEST(EncodeBlankText, UnknownCharacters_AreNamedAndTheBlankIsNot) {
  const auto vocabulary = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  const auto text = EncodeBlankText(vocabulary, "a_x_b!", "_");
  EXPECT_TRUE(absl::IsInvalidArgument(text.status()));
  EXPECT_THAT(text.status().message(), HasSubstr("'x'"));
  EXPECT_THAT(text.status().message(), HasSubstr("'!'"));
  EXPECT_THAT(text.status().message(), testing::Not(HasSubstr("_")));
}

}  // namespace
}  // namespace runnel
