#ifndef RUNNEL_CLIENT_OUTPUT_UTF8_H_
#define RUNNEL_CLIENT_OUTPUT_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Bytes of the character that `text` starts with, 1 to 4; 0 if it is empty or does not start with
// valid UTF-8.
size_t CharLength(absl::string_view text);

// Bytes at the start of `text` that are valid UTF-8; text.size() if all of it is.
size_t ValidUtf8Prefix(absl::string_view text);

// Characters of `text`; a byte that is not UTF-8 counts as one.
size_t CountChars(absl::string_view text);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_UTF8_H_
