// A pattern compiled to a nondeterministic automaton over a vocabulary's symbols (Thompson,
// "Regular Expression Search Algorithm", 1968). The symbols are code points or, for a vocabulary of
// bytes, the bytes of UTF-8, so that a text that ends inside a character can be matched as well.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_PROGRAM_H_
#define RUNNEL_CORE_PATTERN_PATTERN_PROGRAM_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/pattern/code_point_set.h"
#include "core/pattern/pattern_syntax.h"
#include "core/text/vocabulary.h"

namespace runnel {

// Enough for .{1000} over bytes.
inline constexpr int kPatternInstructionsMax = 50'000;
// The most instructions that may begin a character. A dot over bytes has ten of them. The bound
// matters because a text can be at all of these places at once, and each character tries to
// continue from all of them.
inline constexpr int kPatternPlacesMax = 15'000;

struct PatternInstruction {
  enum class Op : uint8_t {
    kSet,    // takes a symbol of sets[set] and continues at `out`
    kSplit,  // continues both at `out` and at `other`
    kBegin,  // continues at `out` if no symbol was taken yet
    kEnd,    // continues at `out`, after which no symbol may be taken
    kMatch,
  };
  Op op = Op::kMatch;
  int32_t out = 0;
  int32_t other = 0;
  int32_t set = 0;
  bool begins_char = false;  // kSet: whether the symbol begins a character
};

struct PatternProgram {
  std::vector<PatternInstruction> instructions;
  std::vector<CodePointSet> sets;  // distinct; of byte values for a vocabulary of bytes
  int32_t start = 0;
};

// Compiles `pattern`. Over bytes, the `forbidden` characters are taken out of every set. Over code
// points the caller must skip them, because a set without thousands of characters has thousands of
// ranges, and there may be many sets. INVALID_ARGUMENT if the program would exceed either bound.
absl::StatusOr<PatternProgram> CompilePattern(const PatternNode& pattern, VocabularyKind kind,
                                              const CodePointSet& forbidden);

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_PROGRAM_H_
