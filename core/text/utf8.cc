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
  return DecodeFirst(bytes.size(), bytes, sink);
}

absl::Status Utf8Decoder::Decode(absl::string_view bytes,
                                 absl::FunctionRef<void(absl::string_view)> ascii,
                                 absl::FunctionRef<void(char32_t)> sink) {
  while (!bytes.empty()) {
    size_t taken = AtBoundary() ? AsciiPrefixBytes(bytes) : 0;
    if (taken > 0) {
      const absl::string_view run = bytes.substr(0, taken);
      nuls_.Add(run, offset_);
      offset_ += static_cast<int64_t>(taken);
      ascii(run);
    } else {
      taken = 1;
      while (taken < bytes.size() && static_cast<uint8_t>(bytes[taken]) >= 0x80) ++taken;
      if (absl::Status status = DecodeFirst(taken, bytes, sink); !status.ok()) return status;
    }
    bytes.remove_prefix(taken);
  }
  return absl::OkStatus();
}

absl::Status Utf8Decoder::DecodeFirst(size_t count, absl::string_view bytes,
                                      absl::FunctionRef<void(char32_t)> sink) {
  for (size_t i = 0; i < count; ++i) {
    const uint8_t byte = static_cast<uint8_t>(bytes[i]);
    if (machine_.AtBoundary()) {
      lead_ = byte;
      lead_offset_ = offset_;
    }
    if (!machine_.Accepts(byte)) return Invalid(bytes.substr(i));
    if (machine_.Advance(byte)) {
      had_utf8_ |= machine_.code_point() >= 0x80;
      sink(machine_.code_point());
    }
    ++offset_;
  }
  return absl::OkStatus();
}

absl::Status Utf8Decoder::Invalid(absl::string_view rest) const {
  return absl::InvalidArgumentError(absl::StrCat(
      absl::StrFormat("not valid UTF-8: byte 0x%02X at offset %d", lead_, lead_offset_),
      HintFrom(rest)));
}

absl::Status Utf8Decoder::Finish() const {
  if (machine_.AtBoundary()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      absl::StrFormat("not valid UTF-8: the text ends inside the character that begins with byte "
                      "0x%02X at offset %d",
                      lead_, lead_offset_),
      HintFrom("")));
}

std::string Utf8Decoder::HintFrom(absl::string_view rest) const {
  std::string from_lead;
  if (!AtBoundary()) {
    // The bytes before `rest` are gone. All but the first were continuations, and any will do.
    from_lead.assign(offset_ - lead_offset_, '\xBF');
    from_lead[0] = static_cast<char>(lead_);
  }
  absl::StrAppend(&from_lead, rest.substr(0, kHintBytesMax));
  return EncodingHint(from_lead, lead_offset_, had_utf8_);
}

absl::Status Utf8Decoder::CheckNuls() const {
  if (!nuls_.LooksLikeUtf16(offset_)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("has ", nuls_.count(), " NULs in ", offset_,
                                                 " bytes; it looks like ", nuls_.Encoding()));
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

std::optional<char32_t> OneCharacter(absl::string_view text) {
  constexpr size_t kBytesMax = 4;  // of a character
  if (text.size() > kBytesMax) return std::nullopt;
  const auto chars = DecodeUtf8(text);
  if (!chars.ok() || chars->size() != 1) return std::nullopt;
  return chars->front();
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
