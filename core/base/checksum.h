// The checksum of a model file's data: XXH3-128, as 32 digits of hexadecimal.
#ifndef RUNNEL_CORE_BASE_CHECKSUM_H_
#define RUNNEL_CORE_BASE_CHECKSUM_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel {

inline constexpr int kChecksumDigits = 32;

// Of data that arrive in pieces.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;

  void Add(absl::string_view bytes);
  std::string Digits() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string ChecksumOf(absl::string_view data);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_CHECKSUM_H_
