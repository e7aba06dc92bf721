#include "core/text/encoding_guess.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr int64_t kBytesPerNul = 16;
constexpr int64_t kNulsMin = 2;

std::string Converted(absl::string_view name, absl::string_view iconv_name) {
  return absl::StrCat(name, ": iconv -f ", iconv_name, " -t utf-8 converts it");
}

bool IsAscii(char byte) { return static_cast<uint8_t>(byte) < 0x80; }

// The encoding of a text that begins with a mark of UTF-16 or UTF-32, or empty.
std::string MarkedEncoding(absl::string_view text) {
  constexpr absl::string_view kUtf32Mark("\xFF\xFE\0\0", 4);
  if (absl::StartsWith(text, kUtf32Mark)) return Converted("UTF-32, little-endian", "utf-32");
  if (absl::StartsWith(text, "\xFF\xFE")) return Converted("UTF-16, little-endian", "utf-16");
  if (absl::StartsWith(text, "\xFE\xFF")) return Converted("UTF-16, big-endian", "utf-16");
  return "";
}

// In an encoding of one byte a character, bytes above ASCII mostly stand alone between letters of
// ASCII; in other encodings they come in groups.
std::string SingleByteEncoding(absl::string_view text) {
  size_t above_ascii = 0;
  size_t alone = 0;
  bool has_controls = false;  // 80 to 9F, which are control characters in Latin-1
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsAscii(text[i])) continue;
    ++above_ascii;
    const bool ascii_before = i == 0 || IsAscii(text[i - 1]);
    if (ascii_before && (i + 1 == text.size() || IsAscii(text[i + 1]))) ++alone;
    has_controls |= static_cast<uint8_t>(text[i]) < 0xA0;
  }
  if (2 * alone < above_ascii) return "";
  return has_controls ? Converted("Windows-1252", "windows-1252") : Converted("Latin-1", "latin1");
}

}  // namespace

std::string EncodingHint(absl::string_view from_bad_byte, int64_t offset, bool had_utf8) {
  const absl::string_view sample = from_bad_byte.substr(0, kHintBytesMax);
  std::string encoding = offset == 0 ? MarkedEncoding(sample) : "";
  if (encoding.empty()) {
    NulCount nuls;
    nuls.Add(sample, offset);
    if (nuls.LooksLikeUtf16(static_cast<int64_t>(sample.size()))) encoding = nuls.Encoding();
  }
  if (encoding.empty() && !had_utf8) encoding = SingleByteEncoding(sample);
  return encoding.empty() ? "" : absl::StrCat("; it looks like ", encoding);
}

void NulCount::Add(absl::string_view bytes, int64_t offset) {
  const char* const end = bytes.data() + bytes.size();
  for (const char* next = bytes.data(); next < end; ++next) {
    next = static_cast<const char*>(std::memchr(next, 0, end - next));
    if (next == nullptr) return;
    ++at_[(offset + (next - bytes.data())) % 2];
  }
}

bool NulCount::LooksLikeUtf16(int64_t bytes) const {
  return std::min(at_[0], at_[1]) == 0 && count() >= kNulsMin && count() * kBytesPerNul >= bytes;
}

std::string NulCount::Encoding() const {
  return at_[0] == 0 ? Converted("UTF-16, little-endian", "utf-16le")
                     : Converted("UTF-16, big-endian", "utf-16be");
}

}  // namespace runnel
