// Patterns for tests that know theirs to be well-formed.
#ifndef RUNNEL_TESTS_CORE_PATTERN_PARSED_H_
#define RUNNEL_TESTS_CORE_PATTERN_PARSED_H_

#include "core/pattern/pattern_syntax.h"

namespace runnel {

inline ParsedPattern Parsed(absl::string_view expression) {
  return ParsePattern(expression).value();
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_PATTERN_PARSED_H_
