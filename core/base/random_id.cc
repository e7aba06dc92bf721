#include "core/base/random_id.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"

namespace runnel {

uint64_t RandomSeed() {
  std::random_device device;  // 32 bits a call, from the system
  return uint64_t{device()} << 32 | device();
}

std::string RandomId() {
  return absl::StrCat(absl::Hex(RandomSeed(), absl::kZeroPad16),
                      absl::Hex(RandomSeed(), absl::kZeroPad16));
}

bool IsRandomId(absl::string_view id) {
  constexpr size_t kDigits = 32;
  return id.size() == kDigits && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace runnel
