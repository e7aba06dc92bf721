// A parsed pattern as a nondeterministic automaton over a vocabulary's symbols (Thompson, "Regular
// Expression Search Algorithm", 1968): for a vocabulary of code points over those, for one of bytes
// over the bytes of UTF-8, so that half a character is matched as far as it goes.
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
// Of those, where a character can begin; a dot over bytes has ten. A text can stand at all of them
// at once and goes on from each with each character.
inline constexpr int kPatternPlacesMax = 15'000;

struct PatternInstruction {
  enum class Op : uint8_t {
    kSet,    // takes a symbol of sets[set], goes on at `out`
    kSplit,  // goes on at `out` and at `other`
    kBegin,  // goes on at `out` if nothing was taken yet
    kEnd,    // goes on at `out`, but nothing more is taken
    kMatch,
  };
  Op op = Op::kMatch;
  int32_t out = 0;
  int32_t other = 0;
  int32_t set = 0;
  bool begins_char = false;  // kSet: not inside the bytes of a character
};

struct PatternProgram {
  std::vector<PatternInstruction> instructions;
  std::vector<CodePointSet> sets;  // distinct; of byte values for a vocabulary of bytes
  int32_t start = 0;
};

// Over bytes, `forbidden` characters are taken out of every set. Over code points they are left in,
// for the caller to pass over: a set without thousands of them is large, and there may be many.
// INVALID_ARGUMENT if the program would be larger than either bound.
absl::StatusOr<PatternProgram> CompilePattern(const PatternNode& pattern, VocabularyKind kind,
                                              const CodePointSet& forbidden);

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_PROGRAM_H_
