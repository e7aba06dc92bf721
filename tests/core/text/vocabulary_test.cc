#include "core/text/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace runnel {
namespace {

using testing::ElementsAre;

std::string TextOf(const Vocabulary& vocabulary, const std::vector<int32_t>& ids) {
  std::string text;
  for (const int32_t id : ids) vocabulary.AppendText(id, &text);
  return text;
}

TEST(Vocabulary, Ids_FollowCodePointOrder) {
  const Vocabulary vocabulary =
      Vocabulary::FromCodePoints({0, U'\n', U'a', U'\u00E9', U'\u4E16', U'\U0001F600'}).value();
  EXPECT_EQ(vocabulary.kind(), VocabularyKind::kCodePoints);
  EXPECT_EQ(vocabulary.size(), 6);
  EXPECT_EQ(vocabulary.Find(0), 0);
  EXPECT_EQ(vocabulary.Find(U'\u4E16'), 4);
  EXPECT_EQ(vocabulary.Find(U'b'), std::nullopt);
  EXPECT_EQ(vocabulary.Find(0x10FFFF), std::nullopt);
  EXPECT_EQ(vocabulary.Symbol(5), U'\U0001F600');
  EXPECT_EQ(TextOf(vocabulary, {2, 3, 4, 5}), "a\u00E9\u4E16\U0001F600");
}

TEST(Vocabulary, Bytes_AreAll256EachItsOwnId) {
  const Vocabulary vocabulary = Vocabulary::Bytes();
  EXPECT_EQ(vocabulary.kind(), VocabularyKind::kBytes);
  ASSERT_EQ(vocabulary.size(), 256);
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(vocabulary.Find(byte), byte);
    EXPECT_EQ(TextOf(vocabulary, {byte}), std::string(1, static_cast<char>(byte)));
  }
  EXPECT_EQ(vocabulary.Find(256), std::nullopt);
}

TEST(Vocabulary, FromCodePoints_RefusesWhatIsNotAscendingScalarValues) {
  const auto error = [](std::vector<char32_t> code_points) {
    const auto made = Vocabulary::FromCodePoints(std::move(code_points));
    EXPECT_TRUE(absl::IsInvalidArgument(made.status()));
    return std::string(made.status().message());
  };
  EXPECT_EQ(error({}), "a vocabulary needs a character");
  EXPECT_EQ(error({U'b', U'a'}),
            "the vocabulary must ascend in code-point order: 'a' comes after 'b'");
  EXPECT_EQ(error({U'a', U'a'}),
            "the vocabulary must ascend in code-point order: 'a' comes after 'a'");
  EXPECT_EQ(error({U'a', 0xD800}),
            "character 1 of the vocabulary is 0xd800, which is no Unicode character");
  EXPECT_EQ(error({0x110000}),
            "character 0 of the vocabulary is 0x110000, which is no Unicode character");
}

TEST(Vocabulary, Encode_GivesIdsAndCountsCharacters) {
  const Vocabulary vocabulary = Vocabulary::FromCodePoints({U'a', U'b', U'\u4E16'}).value();
  const auto encoded = vocabulary
                           .Encode(
                               "b\u4E16\u4E16"
                               "a",
                               Vocabulary::Unknown::kIsError)
                           .value();
  EXPECT_THAT(encoded.ids, ElementsAre(1, 2, 2, 0));
  EXPECT_EQ(encoded.chars, 4);
  const auto empty = vocabulary.Encode("", Vocabulary::Unknown::kIsError).value();
  EXPECT_TRUE(empty.ids.empty());
  EXPECT_EQ(empty.chars, 0);
}

TEST(Vocabulary, EncodeAsBytes_GivesEveryByteAndCountsCharacters) {
  const auto encoded =
      Vocabulary::Bytes().Encode("a\u4E16\n", Vocabulary::Unknown::kIsError).value();
  EXPECT_THAT(encoded.ids, ElementsAre(0x61, 0xE4, 0xB8, 0x96, 0x0A));
  EXPECT_EQ(encoded.chars, 3);
}

TEST(Vocabulary, EncodeOfUnknownCharacters_ListsTheDistinctOnes) {
  const Vocabulary vocabulary = Vocabulary::FromCodePoints({U'a'}).value();
  const auto encoded = vocabulary.Encode("axx\n\u00E9xa", Vocabulary::Unknown::kIsError);
  EXPECT_TRUE(absl::IsInvalidArgument(encoded.status()));
  EXPECT_EQ(std::string(encoded.status().message()),
            "has characters the model never saw: 'x', U+000A, '\u00E9' (U+00E9)");
}

TEST(Vocabulary, EncodeOfManyUnknownCharacters_ListsTheFirstTen) {
  const Vocabulary vocabulary = Vocabulary::FromCodePoints({U'a'}).value();
  const std::string ten =
      "has characters the model never saw: '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'";
  const auto error = [&](const char* text) {
    return std::string(vocabulary.Encode(text, Vocabulary::Unknown::kIsError).status().message());
  };
  EXPECT_EQ(error("0123456789"), ten);
  EXPECT_EQ(error("01234567899"), ten);
  EXPECT_EQ(error("0123456789xyz"), ten + " and more");
}

TEST(Vocabulary, EncodeThatSkips_LeavesUnknownCharactersOut) {
  const Vocabulary vocabulary = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  const auto encoded = vocabulary.Encode("xaybz", Vocabulary::Unknown::kIsSkipped).value();
  EXPECT_THAT(encoded.ids, ElementsAre(0, 1));
  EXPECT_EQ(encoded.chars, 2);
}

TEST(Vocabulary, EncodeOfInvalidUtf8_IsAnErrorForEveryKind) {
  for (const Vocabulary& vocabulary :
       {Vocabulary::Bytes(), Vocabulary::FromCodePoints({U'a'}).value()}) {
    for (const char* text : {"a\xFF", "a\xC3"}) {
      EXPECT_TRUE(absl::IsInvalidArgument(
          vocabulary.Encode(text, Vocabulary::Unknown::kIsSkipped).status()));
    }
  }
}

TEST(Vocabulary, StartId_IsTheLineBreakElseTheFirst) {
  EXPECT_EQ(Vocabulary::FromCodePoints({U'\t', U'\n', U'a'})->StartId(), 1);
  EXPECT_EQ(Vocabulary::FromCodePoints({U'a', U'b'})->StartId(), 0);
  EXPECT_EQ(Vocabulary::Bytes().StartId(), 10);
}

TEST(Vocabulary, Equality_IsOfKindAndSymbols) {
  EXPECT_EQ(Vocabulary::FromCodePoints({U'a', U'b'}).value(),
            Vocabulary::FromCodePoints({U'a', U'b'}).value());
  EXPECT_FALSE(Vocabulary::FromCodePoints({U'a', U'b'}).value() ==
               Vocabulary::FromCodePoints({U'a', U'c'}).value());
  std::vector<char32_t> latin(256);
  for (int i = 0; i < 256; ++i) latin[i] = i;
  EXPECT_FALSE(Vocabulary::FromCodePoints(latin).value() == Vocabulary::Bytes());
}

TEST(Vocabulary, SymbolsThatAreNoCharacters_FollowTheCharactersAndHaveNoText) {
  const Vocabulary letters = Vocabulary::FromCodePoints({U'\n', U'a'}).value();
  const Vocabulary both = letters.With({.min_char_count = 3, .document_separator = "\n\n"});
  EXPECT_EQ(both.size(), 4);
  EXPECT_EQ(both.char_count(), 2);
  EXPECT_EQ(both.EndOfDocumentId(), 2);
  EXPECT_EQ(both.UnknownId(), 3);
  EXPECT_EQ(both.Symbol(2), Vocabulary::kNoCharacter);
  EXPECT_EQ(TextOf(both, {1, 2, 3, 1}), "aa");
  EXPECT_EQ(letters.EndOfDocumentId(), std::nullopt);
  EXPECT_EQ(letters.UnknownId(), std::nullopt);
  EXPECT_EQ(letters.With({.min_char_count = 2}).UnknownId(), 2);
  EXPECT_NE(both, letters);
}

TEST(Vocabulary, DocumentModel_StartsWithTheEndOfADocument) {
  const Vocabulary letters = Vocabulary::FromCodePoints({U'\n', U'a'}).value();
  EXPECT_EQ(letters.StartId(), 0);
  EXPECT_EQ(letters.With({.document_separator = "\n"}).StartId(), 2);
}

TEST(Vocabulary, UnknownSymbol_StandsForUnknownCharactersUnlessTheyAreSkipped) {
  const Vocabulary vocabulary =
      Vocabulary::FromCodePoints({U'a', U'b'}).value().With({.min_char_count = 2});
  const auto read = vocabulary.Encode("azb", Vocabulary::Unknown::kIsError).value();
  EXPECT_THAT(read.ids, ElementsAre(0, 2, 1));
  EXPECT_EQ(read.chars, 3);
  const auto skipped = vocabulary.Encode("azb", Vocabulary::Unknown::kIsSkipped).value();
  EXPECT_THAT(skipped.ids, ElementsAre(0, 1));
  EXPECT_EQ(skipped.chars, 2);
}

}  // namespace
}  // namespace runnel
