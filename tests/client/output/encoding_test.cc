#include "client/output/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runnel::client {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string Message(absl::string_view text, const std::string& name = "f.txt") {
  return std::string(CheckUtf8(name, text).message());
}

// `ascii` in UTF-16 without a mark.
std::string Utf16(const std::string& ascii, bool little_endian) {
  std::string text;
  for (const char c : ascii) text += little_endian ? std::string{c, '\0'} : std::string{'\0', c};
  return text;
}

TEST(EncodingTest, Utf8_IsFine) {
  for (const char* text : {"", "abc", "caf\u00E9", "\U0001F30A", "\uFEFFabc"}) {
    EXPECT_TRUE(CheckUtf8("f.txt", text).ok()) << text;
  }
}

TEST(EncodingTest, Latin1_IsNamedWithTheFirstWrongByte) {
  EXPECT_EQ(Message("caf\xE9 "),
            "f.txt is not valid UTF-8: byte 0xE9 at offset 3; it looks like Latin-1: iconv -f "
            "latin1 -t utf-8 f.txt");
  EXPECT_THAT(Message("le caf\xE9"), HasSubstr("byte 0xE9 at offset 6; it looks like Latin-1"));
}

TEST(EncodingTest, Windows1252_IsNamed) {
  EXPECT_THAT(Message("\x93to be\x94"),
              AllOf(HasSubstr("byte 0x93 at offset 0"), HasSubstr("iconv -f windows-1252")));
}

TEST(EncodingTest, Utf16WithAMark_IsNamed) {
  EXPECT_THAT(Message("\xFF\xFE" + Utf16("to be", true)),
              AllOf(HasSubstr("byte 0xFF at offset 0"), HasSubstr("looks like UTF-16: iconv -f "
                                                                  "utf-16 -t utf-8 f.txt")));
  EXPECT_THAT(Message("\xFE\xFF" + Utf16("to be", false)), HasSubstr("iconv -f utf-16 "));
  EXPECT_THAT(Message(absl::string_view("\xFF\xFE\0\0a\0\0\0", 8)), HasSubstr("iconv -f utf-32 "));
}

std::string NotUtf16(absl::string_view text) {
  return std::string(CheckNotUtf16("f.txt", text).message());
}

TEST(EncodingTest, Utf16WithoutAMark_IsRefusedThoughItIsUtf8ByChance) {
  EXPECT_EQ(NotUtf16(Utf16("to be", true)),
            "f.txt is full of zero bytes; it looks like UTF-16: iconv -f utf-16le -t utf-8 f.txt");
  EXPECT_THAT(NotUtf16(Utf16("to be", false)), HasSubstr("iconv -f utf-16be "));
  // Cyrillic letters have no zero bytes, only the spaces between the words have.
  EXPECT_THAT(NotUtf16(absl::string_view("\x42\x04\x3E\x04\x20\x00\x3D\x04\x35\x04\x20\x00", 12)),
              HasSubstr("iconv -f utf-16le "));
}

TEST(EncodingTest, DamagedUtf8_HasNoAdvice) {
  EXPECT_EQ(Message("\u00E9\u00E8\u00EA\xFF\u00E9"),
            "f.txt is not valid UTF-8: byte 0xFF at offset 6");
  EXPECT_EQ(Message("\u00E9\u00E8\xE2\x82"),
            "f.txt is not valid UTF-8: it ends inside a character, after 4 bytes");
}

TEST(EncodingTest, Beginning_MayEndInsideACharacterOfAnyLength) {
  for (const std::string character :
       {"\u00E9", "\u0800", "\u20AC", "\uD7FF", "\uFFFD", "\U00010000", "\U0010FFFF"}) {
    for (size_t length = 1; length < character.size(); ++length) {
      const std::string text = "\u00E9\u00E9 " + character.substr(0, length);
      EXPECT_TRUE(CheckUtf8("f.txt", text, TextPart::kBeginning).ok()) << length << character;
      EXPECT_FALSE(CheckUtf8("f.txt", text, TextPart::kWhole).ok()) << length << character;
    }
  }
}

TEST(EncodingTest, Beginning_WithAWrongByteAtItsEnd_IsRefused) {
  for (const char* end : {"\xFF", "\x80", "\xC0", "\xE0\x80", "\xED\xA0", "\xF4\x90", "\xC3("}) {
    EXPECT_FALSE(CheckUtf8("f.txt", std::string("ab ") + end, TextPart::kBeginning).ok());
  }
}

TEST(EncodingTest, Command_QuotesTheNameForAShell) {
  EXPECT_THAT(Message("caf\xE9 ", "it's.txt"), EndsWith(" -t utf-8 'it'\\''s.txt'"));
  EXPECT_THAT(Message("caf\xE9 ", "/a/b-1_c.txt"), EndsWith(" -t utf-8 /a/b-1_c.txt"));
}

TEST(EncodingTest, FewZeroBytes_OrInBothHalves_AreNotUtf16) {
  EXPECT_EQ(NotUtf16(absl::string_view("a\0b", 3)), "");
  EXPECT_EQ(NotUtf16(absl::string_view("a\0\0b", 4)), "");
  EXPECT_EQ(NotUtf16(std::string(40, 'a') + std::string("\0a\0a", 4)), "");
}

TEST(EncodingTest, RemoveByteOrderMark_OnlyOneAtTheStart) {
  std::string text = "\uFEFF\uFEFFa";
  EXPECT_TRUE(RemoveByteOrderMark(&text));
  EXPECT_EQ(text, "\uFEFFa");
  text = "a\uFEFF";
  EXPECT_FALSE(RemoveByteOrderMark(&text));
  EXPECT_EQ(text, "a\uFEFF");
}

}  // namespace
}  // namespace runnel::client
