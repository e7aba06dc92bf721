// Guesses which encoding a text that should be UTF-8 is really in, so that an error can say how to
// convert it. A guess only ever explains a refusal.
#ifndef RUNNEL_CORE_TEXT_ENCODING_GUESS_H_
#define RUNNEL_CORE_TEXT_ENCODING_GUESS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel {

// A guess takes no more bytes than these into account.
inline constexpr size_t kHintBytesMax = 4096;

// Returns the end of an error message, "; it looks like Latin-1: ...", or an empty string if no
// encoding is likely. `from_bad_byte` is the text from the first bad byte on (as much of it as is
// available), and `offset` is that byte's offset in the whole text. `had_utf8` says whether valid
// multi-byte characters came before it; the text is then damaged UTF-8.
std::string EncodingHint(absl::string_view from_bad_byte, int64_t offset, bool had_utf8);

// Counts the NUL bytes of a text that is valid UTF-8. UTF-16 without a byte order mark can be valid
// UTF-8 by accident if its characters are ASCII or letters of some other alphabets. But then one of
// the two bytes of each ASCII character is NUL.
class NulCount {
 public:
  // Adds bytes whose first one has `offset` in the whole text.
  void Add(absl::string_view bytes, int64_t offset);
  // Whether a text of `bytes` bytes must be UTF-16: at least two bytes and one in 16 are NUL, and
  // all NULs are at even or all at odd offsets. (In Cyrillic UTF-16 only spaces and full stops have
  // a NUL.)
  bool LooksLikeUtf16(int64_t bytes) const;
  // "UTF-16, little-endian: iconv -f utf-16le -t utf-8 converts it", after LooksLikeUtf16.
  std::string Encoding() const;
  int64_t count() const { return at_[0] + at_[1]; }

 private:
  int64_t at_[2] = {0, 0};  // at even offsets, at odd ones
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_ENCODING_GUESS_H_
