// Collects what is wrong with a set of options: an entry for each bad field, which names the value
// and the bound. The names are those of the options' fields; the server puts the message's path
// before them.
#ifndef RUNNEL_CORE_BASE_VIOLATIONS_H_
#define RUNNEL_CORE_BASE_VIOLATIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/number_text.h"

namespace runnel {

struct FieldViolation {
  std::string field;
  std::string description;
};

class Violations {
 public:
  bool empty() const { return list_.empty(); }
  const std::vector<FieldViolation>& list() const { return list_; }

  void Add(absl::string_view field, std::string description) {
    list_.push_back({std::string(field), std::move(description)});
  }

  // Adds `others` with `prefix` before each field.
  void AddPrefixed(absl::string_view prefix, const Violations& others) {
    for (const FieldViolation& other : others.list()) {
      Add(absl::StrCat(prefix, other.field), other.description);
    }
  }

  // A violation unless min <= value <= max; NaN is one.
  template <typename Number>
  void CheckRange(absl::string_view field, Number value, Number min, Number max) {
    if (value >= min && value <= max) return;
    Add(field, absl::StrCat("is ", NumberText(value), "; must be ", NumberText(min), " to ",
                            NumberText(max)));
  }

 private:
  std::vector<FieldViolation> list_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_VIOLATIONS_H_
