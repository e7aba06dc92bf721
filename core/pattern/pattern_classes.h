// The named character classes of patterns.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_CLASSES_H_
#define RUNNEL_CORE_PATTERN_PATTERN_CLASSES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "core/pattern/code_point_set.h"

namespace runnel {

// Returns the class \d, \s, \w or one of their opposites by its letter; none for other letters.
std::optional<CodePointSet> PerlClass(char32_t letter);

// Returns the class of a name such as "alpha" or "^alpha"; none if there is no such class.
std::optional<CodePointSet> PosixClass(absl::string_view name);

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_CLASSES_H_
