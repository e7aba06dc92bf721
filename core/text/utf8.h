// Strict UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF), decoded and
// encoded.
//
// `Utf8Machine` holds the whole rule, one byte at a time. The decoder uses it, and so do sessions
// and scorers of byte vocabularies, to find the bytes that can follow.
#ifndef RUNNEL_CORE_TEXT_UTF8_H_
#define RUNNEL_CORE_TEXT_UTF8_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/text/encoding_guess.h"

namespace runnel {

inline constexpr char32_t kCodePointMax = 0x10FFFF;
inline constexpr char32_t kSurrogateFirst = 0xD800;
inline constexpr char32_t kSurrogateLast = 0xDFFF;

// Whether `c` is a Unicode scalar value: a code point that is no surrogate. UTF-8 can only hold
// these.
constexpr bool IsScalarValue(char32_t c) {
  return c <= kCodePointMax && (c < kSurrogateFirst || c > kSurrogateLast);
}

// Tells how far into a character a byte string has come. Thread-compatible, copyable, 8 bytes.
class Utf8Machine {
 public:
  // Whether some valid UTF-8 text continues with `byte` here.
  bool Accepts(uint8_t byte) const;
  // Takes `byte`, which must be accepted. Returns true when it completes a character, which is then
  // `code_point()`.
  bool Advance(uint8_t byte);
  // Whether the bytes so far are whole characters.
  bool AtBoundary() const { return bytes_missing_ == 0; }
  char32_t code_point() const { return code_point_; }

 private:
  char32_t code_point_ = 0;
  uint8_t bytes_missing_ = 0;
  // The bounds of the next continuation byte, which are narrower than 80..BF only after E0, ED, F0
  // and F4.
  uint8_t lowest_ = 0x80;
  uint8_t highest_ = 0xBF;
};

// Decodes a text that arrives in pieces cut anywhere.
class Utf8Decoder {
 public:
  // Passes every code point that `bytes` completes to `sink`, in order. INVALID_ARGUMENT naming the
  // first byte that begins no character, its offset in the whole text and, if one is likely, the
  // encoding that the text is really in. The code points before it have been passed on.
  absl::Status Decode(absl::string_view bytes, absl::FunctionRef<void(char32_t)> sink);
  // The same, faster for texts with much ASCII: runs of it are passed to `ascii` as they are.
  absl::Status Decode(absl::string_view bytes, absl::FunctionRef<void(absl::string_view)> ascii,
                      absl::FunctionRef<void(char32_t)> sink);
  // Whether the bytes so far are whole characters.
  bool AtBoundary() const { return machine_.AtBoundary(); }
  // Call after the last piece. INVALID_ARGUMENT if the text ends inside a character.
  absl::Status Finish() const;
  // Call after Finish. INVALID_ARGUMENT if the text is valid UTF-8, but has so many NULs that it is
  // UTF-16. Only bytes passed to the Decode with `ascii` are checked.
  absl::Status CheckNuls() const;

 private:
  // Decodes the first `count` of `bytes`; an error looks at all of them.
  absl::Status DecodeFirst(size_t count, absl::string_view bytes,
                           absl::FunctionRef<void(char32_t)> sink);
  // The error for a character that began at lead_offset_ and that `rest` does not continue.
  absl::Status Invalid(absl::string_view rest) const;
  // EncodingHint for a text whose bytes from the next one on are `rest`.
  std::string HintFrom(absl::string_view rest) const;

  Utf8Machine machine_;
  int64_t offset_ = 0;       // bytes taken so far
  uint8_t lead_ = 0;         // the first byte of the last character that was begun
  int64_t lead_offset_ = 0;  // of that byte
  bool had_utf8_ = false;    // whether a character of several bytes was completed
  NulCount nuls_;
};

// Returns the code points of a whole text. INVALID_ARGUMENT as for `Utf8Decoder`.
absl::StatusOr<std::vector<char32_t>> DecodeUtf8(absl::string_view text);

// The character that `text` consists of; nothing if it is none, several, or not valid UTF-8.
std::optional<char32_t> OneCharacter(absl::string_view text);

// Appends the 1..4 bytes of `code_point`, which must be a Unicode scalar value.
void AppendUtf8(char32_t code_point, std::string* text);

// Returns how many bytes at the beginning of `bytes` are ASCII.
size_t AsciiPrefixBytes(absl::string_view bytes);

// Whether `byte` of valid UTF-8 is the first byte of a character.
inline bool BeginsChar(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; }

// Returns the number of characters in `text`, which must be valid UTF-8.
int64_t CountChars(absl::string_view text);

// Returns the longest prefix of `text`, which must be valid UTF-8, that has at most `bytes_max`
// bytes and only whole characters.
absl::string_view Utf8Prefix(absl::string_view text, size_t bytes_max);

// Returns a character as an error message shows it: 'a', U+000A, 'é' (U+00E9).
std::string DescribeChar(char32_t code_point);

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_UTF8_H_
