// Finds out what is wrong with a text that should be UTF-8, so that a person can mend it.
#ifndef RUNNEL_CLIENT_OUTPUT_ENCODING_H_
#define RUNNEL_CLIENT_OUTPUT_ENCODING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace runnel::client {

// The bytes that CheckUtf8 is given: a whole text, or its beginning, which may end inside a
// character.
enum class TextPart { kWhole, kBeginning };

// INVALID_ARGUMENT if `text`, which was read from `name`, is not UTF-8. The message has the first
// byte that does not belong and its offset, the encoding that the text seems to have, and the
// command that converts it.
absl::Status CheckUtf8(const std::string& name, absl::string_view text,
                       TextPart part = TextPart::kWhole);

// INVALID_ARGUMENT if `text`, which is UTF-8, has so many zero bytes that it must be UTF-16 without
// a byte order mark.
absl::Status CheckNotUtf16(const std::string& name, absl::string_view text);

// Removes UTF-8's byte order mark (EF BB BF) from the start of `text`. Returns whether it was
// there.
bool RemoveByteOrderMark(std::string* text);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_ENCODING_H_
