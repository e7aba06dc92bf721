// Looks up a choice, such as a cell type, by its name in options, files and benchmarks.
#ifndef RUNNEL_CORE_BASE_FIND_BY_NAME_H_
#define RUNNEL_CORE_BASE_FIND_BY_NAME_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace runnel {

// Returns the element of `all` whose `name_of` is `name`.
template <typename Choice, size_t kCount>
std::optional<Choice> FindByName(const Choice (&all)[kCount], absl::string_view (*name_of)(Choice),
                                 absl::string_view name) {
  for (const Choice choice : all) {
    if (name_of(choice) == name) return choice;
  }
  return std::nullopt;
}

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FIND_BY_NAME_H_
