// Characters of valid UTF-8, as requests and models bring it.
#ifndef RUNNEL_SERVER_UTF8_CHARS_H_
#define RUNNEL_SERVER_UTF8_CHARS_H_

#include <algorithm>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace runnel::server {

inline bool BeginsChar(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; }

inline int64_t CountChars(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), BeginsChar);
}

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_UTF8_CHARS_H_
