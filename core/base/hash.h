// Hashes that distinguish data and detect damage. They are the same on every machine. They are not
// cryptographic: anyone can make two inputs with the same hash.
#ifndef RUNNEL_CORE_BASE_HASH_H_
#define RUNNEL_CORE_BASE_HASH_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;

  // 32 lower-case hexadecimal digits, the highest first.
  std::string Digits() const;
};
inline constexpr int kHash128Digits = 32;

// XXH3 of the bytes (https://github.com/Cyan4973/xxHash): model files and model digests use the 128
// bits, state tokens the 64.
Hash128 Hash128Of(absl::string_view bytes);
uint64_t Hash64Of(absl::string_view bytes);

// Hash128Of bytes that arrive in pieces.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void Add(absl::string_view bytes);
  // Of everything added so far.
  Hash128 Value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A 64-bit hash of a sequence of small values: FNV-1a (Fowler, Noll, Vo, 1991). State tokens hold
// fingerprints of patterns, so it must not change.
class Fingerprint {
 public:
  void Add(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) AddByte(static_cast<uint8_t>(value >> shift));
  }
  // Adds the length, then the bytes.
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

#endif  // RUNNEL_CORE_BASE_HASH_H_
