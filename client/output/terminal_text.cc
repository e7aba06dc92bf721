#include "client/output/terminal_text.h"

#include <cstdint>

#include "absl/strings/str_format.h"
#include "client/output/utf8.h"

namespace runnel::client {
namespace {

std::string Escape(absl::string_view text, bool one_line) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharLength(text);
    const auto byte = static_cast<uint8_t>(text[0]);
    const auto next = static_cast<uint8_t>(text.size() > 1 ? text[1] : 0);
    if (!one_line && (byte == '\n' || byte == '\t')) {
      shown += text[0];
    } else if (byte == '\n') {
      shown += "\\n";
    } else if (byte == '\t') {
      shown += "\\t";
    } else if (length == 0 || byte < 0x20 || byte == 0x7F) {
      absl::StrAppendFormat(&shown, "\\x%02x", byte);
    } else if (length == 2 && byte == 0xC2 && next < 0xA0) {
      absl::StrAppendFormat(&shown, "\\u%04x", next);
    } else {
      shown.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return shown;
}

}  // namespace

std::string EscapeControls(absl::string_view text) { return Escape(text, /*one_line=*/false); }

std::string EscapeLine(absl::string_view text) { return Escape(text, /*one_line=*/true); }

}  // namespace runnel::client
