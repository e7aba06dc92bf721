// The named character classes of patterns.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_CLASSES_H_
#define RUNNEL_CORE_PATTERN_PATTERN_CLASSES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "core/pattern/code_point_set.h"

namespace runnel {

// \d, \s, \w and their opposites, by their letter; none for any other.
std::optional<CodePointSet> PerlClass(char32_t letter);

// "alpha", "^alpha" and so on; none for a name that is not one.
std::optional<CodePointSet> PosixClass(absl::string_view name);

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_CLASSES_H_
