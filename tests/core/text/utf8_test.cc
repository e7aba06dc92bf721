#include "core/text/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::StartsWith;

bool IsScalarValue(uint32_t c) { return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF); }

// The oracle: reads a whole string by the table of RFC 3629, section 4. None if it is invalid.
std::optional<std::vector<char32_t>> OracleDecode(const std::string& text) {
  std::vector<char32_t> decoded;
  size_t i = 0;
  while (i < text.size()) {
    const auto at = [&](size_t k) {
      return i + k < text.size() ? static_cast<uint8_t>(text[i + k]) : 0u;
    };
    const size_t length = at(0) < 0x80           ? 1
                          : (at(0) >> 5) == 0x06 ? 2
                          : (at(0) >> 4) == 0x0E ? 3
                          : (at(0) >> 3) == 0x1E ? 4
                                                 : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    uint32_t c = length == 1 ? at(0) : at(0) & (0x7F >> length);
    for (size_t k = 1; k < length; ++k) {
      if ((at(k) & 0xC0) != 0x80) return std::nullopt;
      c = c << 6 | (at(k) & 0x3F);
    }
    constexpr uint32_t kLowest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < kLowest[length] || !IsScalarValue(c)) return std::nullopt;
    decoded.push_back(c);
    i += length;
  }
  return decoded;
}

std::string ErrorOf(const std::string& text) {
  return std::string(DecodeUtf8(text).status().message());
}

TEST(Utf8, EveryScalarValue_SurvivesTheRoundTrip) {
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (!IsScalarValue(c)) continue;
    std::string text;
    AppendUtf8(c, &text);
    ASSERT_EQ(text.size(), c < 0x80 ? 1u : c < 0x800 ? 2u : c < 0x10000 ? 3u : 4u) << c;
    Utf8Machine machine;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<uint8_t>(text[i]);
      ASSERT_TRUE(machine.Accepts(byte)) << c;
      ASSERT_EQ(machine.Advance(byte), i + 1 == text.size()) << c;
      ASSERT_EQ(machine.AtBoundary(), i + 1 == text.size()) << c;
    }
    ASSERT_EQ(machine.code_point(), c);
  }
}

TEST(Utf8, KnownEncodings_AreTheStandards) {
  std::string text;
  for (const char32_t c : {U'$', U'\u00A3', U'\u20AC', U'\U0001F600'}) AppendUtf8(c, &text);
  EXPECT_EQ(text, "$\xC2\xA3\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(Utf8, OverlongForms_AreRefusedAtTheirFirstByte) {
  EXPECT_EQ(ErrorOf("ab\xC0\xAF"), "not valid UTF-8: byte 0xC0 at offset 2");
  EXPECT_EQ(ErrorOf("\xC1\xBF"), "not valid UTF-8: byte 0xC1 at offset 0");
  EXPECT_EQ(ErrorOf("\xE0\x9F\xBF"), "not valid UTF-8: byte 0xE0 at offset 0");
  EXPECT_EQ(ErrorOf("x\xF0\x8F\xBF\xBF"), "not valid UTF-8: byte 0xF0 at offset 1");
}

TEST(Utf8, Surrogates_AreRefusedAtTheirFirstByte) {
  EXPECT_EQ(ErrorOf("\xED\xA0\x80"), "not valid UTF-8: byte 0xED at offset 0");
  EXPECT_EQ(ErrorOf("\xC3\xA9\xED\xBF\xBF"), "not valid UTF-8: byte 0xED at offset 2");
}

TEST(Utf8, BeyondTheLastCodePoint_IsRefusedAtItsFirstByte) {
  EXPECT_EQ(ErrorOf("\xF4\x90\x80\x80"), "not valid UTF-8: byte 0xF4 at offset 0");
  EXPECT_EQ(ErrorOf("abc\xF5\x80\x80\x80"), "not valid UTF-8: byte 0xF5 at offset 3");
  EXPECT_THAT(ErrorOf("\xFF"), StartsWith("not valid UTF-8: byte 0xFF at offset 0"));
}

TEST(Utf8, StrayContinuations_AreRefusedWithTheirOffset) {
  EXPECT_THAT(ErrorOf("\x80"), StartsWith("not valid UTF-8: byte 0x80 at offset 0"));
  EXPECT_THAT(ErrorOf("a\xBF"), StartsWith("not valid UTF-8: byte 0xBF at offset 1"));
}

TEST(Utf8, CharacterThatIsNotContinued_IsRefusedAtItsFirstByte) {
  EXPECT_EQ(ErrorOf("\xE2\x82z"), "not valid UTF-8: byte 0xE2 at offset 0");
  EXPECT_EQ(ErrorOf("\xC3\xC3"), "not valid UTF-8: byte 0xC3 at offset 0");
  EXPECT_THAT(ErrorOf("caf\xE9 "), StartsWith("not valid UTF-8: byte 0xE9 at offset 3"));
}

TEST(Utf8, TextThatEndsInsideACharacter_IsRefusedAtItsFirstByte) {
  for (const std::string text : {"ab\xE2\x82", "ab\xF0\x9F\x98"}) {
    EXPECT_THAT(ErrorOf(text),
                StartsWith("not valid UTF-8: the text ends inside the character that begins with"));
    EXPECT_THAT(ErrorOf(text), EndsWith(" at offset 2"));
    EXPECT_TRUE(absl::IsInvalidArgument(DecodeUtf8(text).status()));
  }
  EXPECT_EQ(ErrorOf("\xC3\xA9\xE2\x82"),
            "not valid UTF-8: the text ends inside the character that begins with byte 0xE2 at "
            "offset 2");
}

TEST(Utf8Decoder, AnyCutOfABadText_NamesTheSameByte) {
  const std::string text = "one \u20AC caf\xE9 au lait \xE2\x82";
  const std::string error = ErrorOf(text);
  EXPECT_EQ(error, "not valid UTF-8: byte 0xE9 at offset 11");
  const auto ignore_runs = [](absl::string_view) {};
  const auto ignore = [](char32_t) {};
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    for (const bool by_runs : {false, true}) {
      Utf8Decoder decoder;
      absl::Status status;
      for (const absl::string_view piece :
           {absl::string_view(text).substr(0, cut), absl::string_view(text).substr(cut)}) {
        if (!status.ok()) break;
        status =
            by_runs ? decoder.Decode(piece, ignore_runs, ignore) : decoder.Decode(piece, ignore);
      }
      EXPECT_EQ(std::string(status.message()), error) << cut;
    }
  }
}

TEST(Utf8Decoder, ErrorInALaterPiece_NamesTheOffsetInTheWholeText) {
  Utf8Decoder decoder;
  std::vector<char32_t> seen;
  const auto sink = [&](char32_t c) { seen.push_back(c); };
  ASSERT_TRUE(decoder.Decode("one \xE2\x82", sink).ok());
  EXPECT_FALSE(decoder.Finish().ok());
  ASSERT_TRUE(decoder.Decode("\xAC!", sink).ok());
  EXPECT_TRUE(decoder.Finish().ok());
  const absl::Status status = decoder.Decode("z\xFFy", sink);
  EXPECT_EQ(std::string(status.message()), "not valid UTF-8: byte 0xFF at offset 9");
  EXPECT_THAT(seen, ElementsAre(U'o', U'n', U'e', U' ', U'\u20AC', U'!', U'z'));
}

TEST(Utf8Decoder, AnyCut_GivesTheSameCodePoints) {
  const std::string text =
      "a\u00E9\u4E16\U0001F600\nz\u07FF\uFFFF\U0010FFFF" + std::string(2, '\0');
  const std::vector<char32_t> whole = DecodeUtf8(text).value();
  std::mt19937 random(1);
  for (int trial = 0; trial < 500; ++trial) {
    Utf8Decoder decoder;
    std::vector<char32_t> seen;
    for (size_t begin = 0; begin < text.size();) {
      const size_t length = random() % 4;  // 0: an empty piece
      ASSERT_TRUE(decoder
                      .Decode(absl::string_view(text).substr(begin, length),
                              [&](char32_t c) { seen.push_back(c); })
                      .ok());
      begin += length;
    }
    ASSERT_TRUE(decoder.Finish().ok());
    ASSERT_EQ(seen, whole);
  }
}

TEST(Utf8Decoder, RandomBytes_AreJudgedAsTheOracleDoes) {
  // Bytes at the edges of every rule, so that valid and almost valid sequences are common.
  constexpr uint8_t kBytes[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
                                0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
                                0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};
  std::mt19937 random(2);
  int valid = 0;
  for (int trial = 0; trial < 300000; ++trial) {
    std::string text;
    for (size_t i = 1 + random() % 5; i > 0; --i) {
      text.push_back(static_cast<char>(trial % 2 == 0 ? kBytes[random() % std::size(kBytes)]
                                                      : random() & 0xFF));
    }
    const auto expected = OracleDecode(text);
    const auto decoded = DecodeUtf8(text);
    ASSERT_EQ(decoded.ok(), expected.has_value()) << testing::PrintToString(text);
    if (!expected) continue;
    ASSERT_EQ(*decoded, *expected);
    ++valid;
  }
  EXPECT_GT(valid, 10000);
}

TEST(Utf8Machine, AcceptedBytes_AreExactlyThoseThatCanGoOn) {
  // After every prefix of up to 3 bytes: a byte is accepted if and only if some valid text
  // continues with it, found by trying the completions at the edges of the continuation range.
  const auto can_be_completed = [](std::string text) {
    for (int missing = 0; missing < 4; ++missing) {
      for (const char filler : {'\x80', '\xBF'}) {
        if (OracleDecode(text + std::string(missing, filler))) return true;
      }
    }
    return false;
  };
  for (const std::string prefix :
       {"", "a", "\xC2", "\xE0", "\xE1", "\xED", "\xEF", "\xF0", "\xF1", "\xF4", "\xE0\xA0",
        "\xED\x9F", "\xF0\x90", "\xF4\x8F", "\xF4\x8F\xBF", "\xF0\x90\x80"}) {
    Utf8Machine machine;
    for (const char byte : prefix) machine.Advance(static_cast<uint8_t>(byte));
    for (int byte = 0; byte < 256; ++byte) {
      EXPECT_EQ(machine.Accepts(static_cast<uint8_t>(byte)),
                can_be_completed(prefix + static_cast<char>(byte)))
          << testing::PrintToString(prefix) << " then " << byte;
    }
  }
}

TEST(DescribeChar, PrintableControlAndForeignCharacters_AreShownReadably) {
  EXPECT_EQ(DescribeChar(U'a'), "'a'");
  EXPECT_EQ(DescribeChar(U'\n'), "U+000A");
  EXPECT_EQ(DescribeChar(0x7F), "U+007F");
  EXPECT_EQ(DescribeChar(0x85), "U+0085");
  EXPECT_EQ(DescribeChar(U'\u00E9'), "'\u00E9' (U+00E9)");
  EXPECT_EQ(DescribeChar(U'\U0001F600'), "'\U0001F600' (U+1F600)");
}

}  // namespace
}  // namespace runnel
