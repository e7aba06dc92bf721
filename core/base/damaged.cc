#include "core/base/damaged.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr size_t kMessageBytesMax = 500;

// The bytes of a UTF-8 character after its first are 10xxxxxx.
bool ContinuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

absl::Status Damaged(absl::string_view what) {
  if (what.size() <= kMessageBytesMax) return absl::DataLossError(what);
  size_t end = kMessageBytesMax;
  while (end > 0 && ContinuesCharacter(what[end])) --end;
  return absl::DataLossError(absl::StrCat(what.substr(0, end), "..."));
}

}  // namespace runnel
