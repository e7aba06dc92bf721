// A 64-bit hash of a sequence of values, the same on every machine: tells different things apart,
// keeps no secrets. FNV-1a (Fowler, Noll, Vo, 1991).
#ifndef RUNNEL_CORE_BASE_FINGERPRINT_H_
#define RUNNEL_CORE_BASE_FINGERPRINT_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace runnel {

class Fingerprint {
 public:
  void Add(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) AddByte(static_cast<uint8_t>(value >> shift));
  }
  // The length, then the bytes.
  void AddText(absl::string_view text) {
    Add(text.size());
    for (const char c : text) AddByte(static_cast<uint8_t>(c));
  }
  uint64_t value() const { return value_; }

 private:
  void AddByte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001B3; }

  uint64_t value_ = 0xCBF29CE484222325;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FINGERPRINT_H_
