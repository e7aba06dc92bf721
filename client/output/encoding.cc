#include "client/output/encoding.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/output/text_file.h"
#include "client/output/utf8.h"

namespace runnel::client {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// An encoding by the name that people know and by the one that iconv takes. Empty: not recognized.
struct Encoding {
  absl::string_view name;
  absl::string_view iconv_name;
};

// UTF-16 has a zero byte in each character of ASCII, always in the same half. Even in Cyrillic
// text, where only spaces and full stops are ASCII, that is one byte in 16.
Encoding Utf16ByZeroBytes(absl::string_view text) {
  constexpr size_t kBytesPerZero = 16;
  size_t zeros[2] = {0, 0};  // at even and at odd offsets
  for (size_t i = 0; i < text.size(); ++i) zeros[i % 2] += text[i] == '\0' ? 1 : 0;
  const size_t all = zeros[0] + zeros[1];
  if (all < 2 || all * kBytesPerZero < text.size()) return {};
  if (zeros[0] == 0) return {"UTF-16", "utf-16le"};
  if (zeros[1] == 0) return {"UTF-16", "utf-16be"};
  return {};
}

Encoding UtfByMark(absl::string_view text) {
  if (absl::StartsWith(text, absl::string_view("\xFF\xFE\0\0", 4)) ||
      absl::StartsWith(text, absl::string_view("\0\0\xFE\xFF", 4))) {
    return {"UTF-32", "utf-32"};
  }
  if (absl::StartsWith(text, "\xFF\xFE") || absl::StartsWith(text, "\xFE\xFF")) {
    return {"UTF-16", "utf-16"};
  }
  return {};
}

// The western encodings with one byte a character: mostly ASCII, and hardly any of the other bytes
// form UTF-8.
Encoding Western(absl::string_view text) {
  constexpr size_t kAsciiPerOther = 2;
  size_t stray = 0;       // bytes that are not UTF-8
  size_t multibyte = 0;   // characters of UTF-8 with several bytes
  bool controls = false;  // 0x80 to 0x9F: letters and quotes only in Windows-1252
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharLength(text.substr(at));
    if (length == 0) {
      ++stray;
      controls |= static_cast<uint8_t>(text[at]) < 0xA0;
    }
    multibyte += length > 1 ? 1 : 0;
    at += length == 0 ? 1 : length;
  }
  if (multibyte >= stray || stray * (kAsciiPerOther + 1) > text.size()) return {};
  return controls ? Encoding{"Windows-1252", "windows-1252"} : Encoding{"Latin-1", "latin1"};
}

// The operand of a shell command that names the file; nothing for standard input, which iconv reads
// by itself.
std::string Operand(const std::string& name) {
  if (name == kStandardInputName) return "";
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("._-/+,", c)) {
      return absl::StrCat(" '", absl::StrReplaceAll(name, {{"'", "'\\''"}}), "'");
    }
  }
  return " " + name;
}

std::string Advice(const std::string& name, const Encoding& encoding) {
  if (encoding.name.empty()) return "";
  return absl::StrCat("; it looks like ", encoding.name, ": iconv -f ", encoding.iconv_name,
                      " -t utf-8", Operand(name));
}

// Whether the bytes from the first invalid one on may be a character that is cut off.
bool IsCutOff(absl::string_view rest) {
  constexpr size_t kCharBytesMax = 4;
  if (rest.size() >= kCharBytesMax || static_cast<uint8_t>(rest[0]) < 0xC2) return false;
  std::string completed(rest);
  while (completed.size() < kCharBytesMax) {
    // One of these two bytes always fits: E0 and F0 need the higher one as second byte, ED and F4
    // the lower one.
    for (const char continuation : {'\x80', '\xBF'}) {
      if (CharLength(completed + continuation) == completed.size() + 1) return true;
    }
    completed +=
        completed.size() == 1 && (rest[0] == '\xE0' || rest[0] == '\xF0') ? '\xBF' : '\x80';
  }
  return false;
}

}  // namespace

absl::Status CheckUtf8(const std::string& name, absl::string_view text, TextPart part) {
  const size_t valid = ValidUtf8Prefix(text);
  if (valid == text.size()) return absl::OkStatus();
  const absl::string_view rest = text.substr(valid);
  if (IsCutOff(rest)) {
    if (part == TextPart::kBeginning) return absl::OkStatus();
    Encoding western = Western(text);
    if (western.name.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          name, " is not valid UTF-8: it ends inside a character, after ", valid, " bytes"));
    }
  }
  Encoding encoding = UtfByMark(text);
  if (encoding.name.empty()) encoding = Utf16ByZeroBytes(text);
  if (encoding.name.empty()) encoding = Western(text);
  return absl::InvalidArgumentError(
      absl::StrCat(name,
                   absl::StrFormat(" is not valid UTF-8: byte 0x%02X at offset %d",
                                   static_cast<uint8_t>(rest[0]), valid),
                   Advice(name, encoding)));
}

absl::Status CheckNotUtf16(const std::string& name, absl::string_view text) {
  const Encoding utf16 = Utf16ByZeroBytes(text);
  if (utf16.name.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " is full of zero bytes", Advice(name, utf16)));
}

bool RemoveByteOrderMark(std::string* text) {
  if (!absl::StartsWith(*text, kByteOrderMark)) return false;
  text->erase(0, kByteOrderMark.size());
  return true;
}

}  // namespace runnel::client
