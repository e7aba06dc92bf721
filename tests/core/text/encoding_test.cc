// Corpora in encodings other than UTF-8, and with byte order marks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text/corpus.h"

namespace runnel {
namespace {

using testing::HasSubstr;

// Gives a text in pieces of a fixed size.
class PiecesSource : public TextSource {
 public:
  PiecesSource(std::string text, size_t piece_bytes) : text_(text), piece_bytes_(piece_bytes) {}
  absl::Status Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const override {
    for (size_t at = 0; at < text_.size(); at += piece_bytes_) {
      absl::Status status = sink(absl::string_view(text_).substr(at, piece_bytes_));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  const std::string text_;
  const size_t piece_bytes_;
};

std::string ErrorOf(absl::string_view text, const VocabularyRules& rules = {}) {
  const auto corpus = Corpus::Load(StringSource(text), rules);
  EXPECT_TRUE(absl::IsInvalidArgument(corpus.status())) << corpus.status();
  return std::string(corpus.status().message());
}

// A text of the Basic Multilingual Plane as UTF-16.
std::string Utf16(const std::u16string& text, bool little_endian) {
  std::string bytes;
  for (const char16_t c : text) {
    const char low = static_cast<char>(c & 0xFF);
    const char high = static_cast<char>(c >> 8);
    bytes.push_back(little_endian ? low : high);
    bytes.push_back(little_endian ? high : low);
  }
  return bytes;
}

std::vector<int32_t> AllIds(const Corpus& corpus) {
  std::vector<int32_t> ids(corpus.size());
  corpus.CopyIds(0, corpus.size(), 1, ids.data());
  return ids;
}

TEST(Corpus_Encoding, Latin1_IsRefusedByNameAtTheBadByte) {
  EXPECT_EQ(
      ErrorOf("caf\xE9 "),
      "not valid UTF-8: byte 0xE9 at offset 3; it looks like Latin-1: iconv -f latin1 -t utf-8 "
      "converts it");
  EXPECT_THAT(ErrorOf("caf\xE9"), HasSubstr("0xE9 at offset 3; it looks like Latin-1: iconv"));
  EXPECT_THAT(ErrorOf("He said \x93yes\x94, na\xEFvely"),
              HasSubstr("0x93 at offset 8; it looks like Windows-1252: iconv -f windows-1252"));
}

TEST(Corpus_Encoding, Latin1InPiecesCutAnywhere_NamesTheSameByte) {
  const std::string text = "d\xE9j\xE0 vu, caf\xE9 au lait";
  for (size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes) {
    const auto corpus = Corpus::Load(PiecesSource(text, piece_bytes), VocabularyKind::kCodePoints);
    EXPECT_THAT(std::string(corpus.status().message()),
                HasSubstr("byte 0xE9 at offset 1; it looks like Latin-1"))
        << piece_bytes;
  }
}

TEST(Corpus_Encoding, DamagedOrUnknownText_IsGivenNoEncoding) {
  // The text before the bad byte is UTF-8.
  EXPECT_EQ(ErrorOf("caf\u00E9 \xE9 "), "not valid UTF-8: byte 0xE9 at offset 6");
  // Shift-JIS: characters of two bytes.
  EXPECT_EQ(ErrorOf("\x93\xFA\x96\x7B\x8C\xEA"), "not valid UTF-8: byte 0x93 at offset 0");
}

TEST(Corpus_Encoding, Utf16WithAMark_IsRefusedByItsOrder) {
  const std::string little = Utf16(u"\uFEFFone and two", true);
  const std::string big = Utf16(u"\uFEFFone and two", false);
  EXPECT_EQ(ErrorOf(little),
            "not valid UTF-8: byte 0xFF at offset 0; it looks like UTF-16, little-endian: iconv -f "
            "utf-16 -t utf-8 converts it");
  EXPECT_THAT(ErrorOf(big), HasSubstr("0xFE at offset 0; it looks like UTF-16, big-endian"));
}

TEST(Corpus_Encoding, Utf16WithoutAMark_IsRefusedByItsOrder) {
  EXPECT_EQ(
      ErrorOf(Utf16(u"abc ", true)),
      "has 4 NULs in 8 bytes; it looks like UTF-16, little-endian: iconv -f utf-16le -t utf-8 "
      "converts it");
  EXPECT_THAT(ErrorOf(Utf16(u"abc ", false)), HasSubstr("UTF-16, big-endian: iconv -f utf-16be"));
  // Cyrillic is valid UTF-8 in UTF-16; its blanks and full stops give it away.
  EXPECT_THAT(
      ErrorOf(Utf16(u"\u043C\u043E\u0440\u0435 \u043D\u0435 \u0441\u043F\u0438\u0442.", true)),
      HasSubstr("UTF-16, little-endian"));
  // An accent makes it invalid as well.
  EXPECT_THAT(ErrorOf(Utf16(u"the caf\u00E9 is closed", true)),
              HasSubstr("byte 0xE9 at offset 14; it looks like UTF-16, little-endian"));
  EXPECT_THAT(ErrorOf(Utf16(u"the caf\u00E9 is closed", false)),
              HasSubstr("byte 0xE9 at offset 15; it looks like UTF-16, big-endian"));
}

TEST(Corpus_Encoding, NulsThatAreNotUtf16_AreCharacters) {
  const std::string records("one\0two!\0three\0four!\0", 21);
  const auto corpus = Corpus::Load(StringSource(records), VocabularyKind::kCodePoints);
  ASSERT_TRUE(corpus.ok()) << corpus.status();
  EXPECT_TRUE(corpus->vocabulary().Find(U'\0'));
  std::string rare = std::string("a\0b\0", 4);
  for (int i = 0; i < 10; ++i) rare += "a line of text\n";
  EXPECT_TRUE(Corpus::Load(StringSource(rare), VocabularyKind::kCodePoints).ok());
  // Bytes are taken as they are.
  EXPECT_TRUE(Corpus::Load(StringSource(Utf16(u"abc ", true)), VocabularyKind::kBytes).ok());
}

TEST(Corpus_Encoding, MarkAtTheBeginning_IsNoCharacterOfTheText) {
  for (const VocabularyKind kind : {VocabularyKind::kCodePoints, VocabularyKind::kBytes}) {
    const Corpus plain = Corpus::Load(StringSource("one two"), kind).value();
    for (const size_t piece_bytes : {1, 2, 3, 100}) {
      const Corpus marked =
          Corpus::Load(PiecesSource("\uFEFFone two", piece_bytes), VocabularyRules{.kind = kind})
              .value();
      EXPECT_EQ(AllIds(marked), AllIds(plain));
      EXPECT_EQ(marked.vocabulary(), plain.vocabulary());
      EXPECT_EQ(marked.chars(), plain.chars());
      EXPECT_EQ(marked.byte_order_marks(), 1);
      EXPECT_EQ(plain.byte_order_marks(), 0);
    }
  }
}

TEST(Corpus_Encoding, MarkBeforeEachDocument_IsLeftOut) {
  const VocabularyRules rules{.document_separator = "--"};
  const Corpus plain = Corpus::Load(StringSource("one--two----three"), rules).value();
  const Corpus marked =
      Corpus::Load(StringSource("\uFEFFone--\uFEFFtwo--\uFEFF--\uFEFFthree"), rules).value();
  EXPECT_EQ(AllIds(marked), AllIds(plain));
  EXPECT_EQ(marked.byte_order_marks(), 4);
  EXPECT_FALSE(marked.vocabulary().Find(U'\uFEFF'));
}

TEST(Corpus_Encoding, MarkInsideAText_IsACharacter) {
  const Corpus corpus =
      Corpus::Load(StringSource("\uFEFF\uFEFFone\uFEFF"), VocabularyKind::kCodePoints).value();
  EXPECT_EQ(corpus.size(), 5);
  EXPECT_EQ(corpus.byte_order_marks(), 1);
  EXPECT_TRUE(corpus.vocabulary().Find(U'\uFEFF'));
}

TEST(Corpus_Encoding, BadByteAfterAMark_KeepsItsOffsetInTheFile) {
  EXPECT_THAT(ErrorOf("\uFEFFab\xE9 "), HasSubstr("byte 0xE9 at offset 5"));
}

}  // namespace
}  // namespace runnel
