#include "core/text/utf8.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace runnel {

bool Utf8Machine::Accepts(uint8_t byte) const {
  if (bytes_missing_ > 0) return byte >= lowest_ && byte <= highest_;
  return byte < 0x80 || (byte >= 0xC2 && byte <= 0xF4);
}

bool Utf8Machine::Advance(uint8_t byte) {
  if (bytes_missing_ > 0) {
    code_point_ = (code_point_ << 6) | (byte & 0x3F);
    lowest_ = 0x80;
    highest_ = 0xBF;
    return --bytes_missing_ == 0;
  }
  if (byte < 0x80) {
    code_point_ = byte;
    return true;
  }
  bytes_missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  code_point_ = byte & (0x3F >> bytes_missing_);
  lowest_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;   // below: overlong
  highest_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;  // above: surrogate, beyond U+10FFFF
  return false;
}

absl::Status Utf8Decoder::Decode(absl::string_view bytes, absl::FunctionRef<void(char32_t)> sink) {
  for (const char c : bytes) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (!machine_.Accepts(byte)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("not valid UTF-8: byte 0x%02X at offset %d", byte, offset_));
    }
    if (machine_.Advance(byte)) sink(machine_.code_point());
    ++offset_;
  }
  return absl::OkStatus();
}

absl::Status Utf8Decoder::Finish() const {
  if (machine_.AtBoundary()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("not valid UTF-8: the text ends inside a character, after ", offset_, " bytes"));
}

absl::StatusOr<std::vector<char32_t>> DecodeUtf8(absl::string_view text) {
  std::vector<char32_t> code_points;
  code_points.reserve(text.size());
  Utf8Decoder decoder;
  absl::Status status = decoder.Decode(text, [&](char32_t c) { code_points.push_back(c); });
  if (status.ok()) status = decoder.Finish();
  if (!status.ok()) return status;
  return code_points;
}

void AppendUtf8(char32_t code_point, std::string* text) {
  const uint32_t c = code_point;
  if (c < 0x80) {
    text->push_back(static_cast<char>(c));
    return;
  }
  const int continuations = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  const uint32_t lead_marks[] = {0, 0xC0, 0xE0, 0xF0};
  text->push_back(static_cast<char>(lead_marks[continuations] | (c >> (6 * continuations))));
  for (int i = continuations - 1; i >= 0; --i) {
    text->push_back(static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3F)));
  }
}

size_t AsciiPrefixBytes(absl::string_view bytes) {
  size_t count = 0;
  for (uint64_t eight; count + sizeof(eight) <= bytes.size(); count += sizeof(eight)) {
    std::memcpy(&eight, bytes.data() + count, sizeof(eight));
    if ((eight & 0x8080'8080'8080'8080) != 0) break;
  }
  while (count < bytes.size() && static_cast<uint8_t>(bytes[count]) < 0x80) ++count;
  return count;
}

int64_t CountChars(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), BeginsChar);
}

absl::string_view Utf8Prefix(absl::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && !BeginsChar(text[bytes_max])) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string DescribeChar(char32_t code_point) {
  std::string number = absl::StrFormat("U+%04X", static_cast<uint32_t>(code_point));
  if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) return number;
  std::string shown = "'";
  AppendUtf8(code_point, &shown);
  shown += "'";
  return code_point < 0x7F ? shown : absl::StrCat(shown, " (", number, ")");
}

}  // namespace runnel
