// Characters of UTF-8 text.
#ifndef RUNNEL_CLIENT_OUTPUT_UTF8_H_
#define RUNNEL_CLIENT_OUTPUT_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Returns the number of bytes, 1 to 4, of the character at the start of `text`. Returns 0 if `text`
// is empty or does not start with valid UTF-8.
size_t CharLength(absl::string_view text);

// Returns the number of bytes at the start of `text` that are valid UTF-8.
size_t ValidUtf8Prefix(absl::string_view text);

// Returns the number of characters of `text`. A byte that is not UTF-8 counts as one.
size_t CountChars(absl::string_view text);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_UTF8_H_
