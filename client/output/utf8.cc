#include "client/output/utf8.h"

#include <cstdint>

namespace runnel::client {
namespace {

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

}  // namespace

size_t CharLength(absl::string_view text) {
  if (text.empty()) return 0;
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  // Overlong forms, surrogates and numbers above U+10FFFF can be recognized by the second byte.
  const auto second = static_cast<uint8_t>(text[1]);
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return length;
}

size_t ValidUtf8Prefix(absl::string_view text) {
  size_t valid = 0;
  while (const size_t length = CharLength(text.substr(valid))) valid += length;
  return valid;
}

size_t CountChars(absl::string_view text) {
  size_t chars = 0;
  for (size_t at = 0; at < text.size(); ++chars) {
    const size_t length = CharLength(text.substr(at));
    at += length == 0 ? 1 : length;
  }
  return chars;
}

}  // namespace runnel::client
