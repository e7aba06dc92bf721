// Formats numbers for messages, with just enough digits to distinguish a value from its neighbours.
#ifndef RUNNEL_CORE_BASE_NUMBER_TEXT_H_
#define RUNNEL_CORE_BASE_NUMBER_TEXT_H_

#include <charconv>
#include <cmath>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"

namespace runnel {

// "0.1", "1.0000001", "-3", "1e+06", "inf", "nan". A floating-point number has six digits if these
// read back as the same value, and otherwise as many as it takes: a value that is out of a bound
// never looks like the bound. A double that a float holds exactly is shown as that float, because
// it came from a field of the wire: 0.1f is "0.1", not "0.10000000149011612".
template <typename Number>
std::string NumberText(Number value) {
  if constexpr (std::is_same_v<Number, double>) {
    const auto narrowed = static_cast<float>(value);
    if (narrowed == value) return NumberText(narrowed);
  }
  std::string six_digits = absl::StrCat(value);
  if constexpr (std::is_floating_point_v<Number>) {
    if (std::isnan(value)) return "nan";  // StrCat may write "-nan"
    Number read = 0;
    std::from_chars(six_digits.data(), six_digits.data() + six_digits.size(), read);
    if (read != value && std::isfinite(value)) {
      char shortest[32];  // a double takes 24 characters at most
      const auto end = std::to_chars(shortest, shortest + sizeof(shortest), value).ptr;
      return std::string(shortest, end);
    }
  }
  return six_digits;
}

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_NUMBER_TEXT_H_
