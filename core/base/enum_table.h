// A table of the values of an enum and their names in options, files and benchmarks.
#ifndef RUNNEL_CORE_BASE_ENUM_TABLE_H_
#define RUNNEL_CORE_BASE_ENUM_TABLE_H_

#include <array>
#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace runnel {

template <typename Enum>
struct NamedValue {
  Enum value;
  absl::string_view name;
};

// A container of the values, in the order of the table. It is made from a list of values and names:
// `EnumTable<Fruit, 2> kFruits({{Fruit::kApple, "apple"}, {Fruit::kPear, "pear"}})`, or from an
// array of any struct that has a `value` and a `name`.
template <typename Enum, size_t kCount>
class EnumTable {
 public:
  using value_type = Enum;
  using const_iterator = typename std::array<Enum, kCount>::const_iterator;

  constexpr explicit EnumTable(const NamedValue<Enum> (&rows)[kCount]) { Fill(rows); }
  template <typename Row>
  constexpr explicit EnumTable(const Row (&rows)[kCount]) {
    Fill(rows);
  }

  constexpr const_iterator begin() const { return values_.begin(); }
  constexpr const_iterator end() const { return values_.end(); }
  constexpr size_t size() const { return kCount; }

  // Returns an empty name for a value that is not in the table.
  constexpr absl::string_view NameOf(Enum value) const {
    for (size_t i = 0; i < kCount; ++i) {
      if (values_[i] == value) return names_[i];
    }
    return {};
  }

  constexpr std::optional<Enum> Find(absl::string_view name) const {
    for (size_t i = 0; i < kCount; ++i) {
      if (names_[i] == name) return values_[i];
    }
    return std::nullopt;
  }

 private:
  template <typename Row>
  constexpr void Fill(const Row (&rows)[kCount]) {
    for (size_t i = 0; i < kCount; ++i) {
      values_[i] = rows[i].value;
      names_[i] = rows[i].name;
    }
  }

  std::array<Enum, kCount> values_{};
  std::array<absl::string_view, kCount> names_{};
};

template <typename Row, size_t kCount>
EnumTable(const Row (&)[kCount]) -> EnumTable<decltype(Row::value), kCount>;

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_ENUM_TABLE_H_
