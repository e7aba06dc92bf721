#include "core/pattern/pattern_program.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

using Op = PatternInstruction::Op;
using Kind = PatternNode::Kind;

struct ByteRange {
  uint8_t first;
  uint8_t last;
};

// Adds the code points from `first` to `last`, which must all have `length` bytes, as sequences of
// byte ranges. The range is split until in each part every byte ranges independently of the others.
void SplitUtf8(char32_t first, char32_t last, int length,
               std::vector<std::vector<ByteRange>>* sequences) {
  for (int tail = 1; tail < length; ++tail) {
    const char32_t mask = (char32_t{1} << (6 * tail)) - 1;  // of the last `tail` bytes
    if ((first & ~mask) == (last & ~mask)) break;           // they share all bytes before those
    if ((first & mask) != 0) {
      SplitUtf8(first, first | mask, length, sequences);
      return SplitUtf8((first | mask) + 1, last, length, sequences);
    }
    if ((last & mask) != mask) {
      SplitUtf8(first, (last & ~mask) - 1, length, sequences);
      return SplitUtf8(last & ~mask, last, length, sequences);
    }
  }
  constexpr std::array<uint8_t, 5> kLeadMark = {0, 0, 0xC0, 0xE0, 0xF0};
  std::vector<ByteRange> sequence(length);
  for (int i = length - 1; i > 0; --i) {
    sequence[i] = {static_cast<uint8_t>(0x80 | (first & 0x3F)),
                   static_cast<uint8_t>(0x80 | (last & 0x3F))};
    first >>= 6;
    last >>= 6;
  }
  sequence[0] = {static_cast<uint8_t>(kLeadMark[length] | first),
                 static_cast<uint8_t>(kLeadMark[length] | last)};
  sequences->push_back(std::move(sequence));
}

std::vector<std::vector<ByteRange>> Utf8Sequences(const CodePointSet& set) {
  constexpr char32_t kLastOfLength[] = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
  std::vector<std::vector<ByteRange>> sequences;
  for (const CodePointRange& range : set.ranges()) {
    char32_t first = 0;
    for (int length = 1; length <= 4; ++length) {
      const char32_t last = kLastOfLength[length - 1];
      if (range.first <= last && range.last >= first) {
        SplitUtf8(std::max(range.first, first), std::min(range.last, last), length, &sequences);
      }
      first = last + 1;
    }
  }
  return sequences;
}

// Builds the program from its end: when a node is compiled, its successor already is.
class Compiler {
 public:
  Compiler(VocabularyKind kind, const CodePointSet& forbidden)
      : is_bytes_(kind == VocabularyKind::kBytes), forbidden_(forbidden) {}

  absl::StatusOr<PatternProgram> Compile(const PatternNode& pattern) {
    const int32_t match = Add({.op = Op::kMatch});
    program_.start = Compile(pattern, match);
    if (too_large_) {
      return absl::InvalidArgumentError(
          absl::StrCat("is too large: it takes more than ", kPatternInstructionsMax,
                       " steps to match, or ", kPatternPlacesMax, " where a character can begin"));
    }
    return std::move(program_);
  }

 private:
  int32_t Add(const PatternInstruction& instruction) {
    auto& instructions = program_.instructions;
    if (instructions.size() >= kPatternInstructionsMax) {
      too_large_ = true;
      return 0;
    }
    instructions.push_back(instruction);
    return static_cast<int32_t>(instructions.size()) - 1;
  }

  // Returns the place at which matching `node`, and then the program from `next` on, begins.
  int32_t Compile(const PatternNode& node, int32_t next) {
    if (too_large_) return next;
    switch (node.kind) {
      case Kind::kEmpty:
        return next;
      case Kind::kBegin:
        return Add({.op = Op::kBegin, .out = next});
      case Kind::kEnd:
        return Add({.op = Op::kEnd, .out = next});
      case Kind::kSet:
        return CompileSet(node.set, next);
      case Kind::kConcat:
        for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
          next = Compile(**child, next);
        }
        return next;
      case Kind::kAlternate: {
        int32_t entry = Compile(*node.children.back(), next);
        for (size_t i = node.children.size() - 1; i-- > 0;) {
          entry = Add({.op = Op::kSplit, .out = Compile(*node.children[i], next), .other = entry});
        }
        return entry;
      }
      case Kind::kRepeat:
        return CompileRepeat(node, next);
    }
    return next;
  }

  int32_t CompileRepeat(const PatternNode& node, int32_t next) {
    const PatternNode& child = *node.children.front();
    if (node.max < 0) {
      const int32_t loop = Add({.op = Op::kSplit, .other = next});
      const int32_t body = Compile(child, loop);
      if (!too_large_) program_.instructions[loop].out = body;
      next = loop;
    }
    // x{2,4} is xx(x(x)?)?
    const int32_t end = next;
    for (int i = node.min; i < node.max && !too_large_; ++i) {
      next = Add({.op = Op::kSplit, .out = Compile(child, next), .other = end});
    }
    for (int i = 0; i < node.min && !too_large_; ++i) next = Compile(child, next);
    return next;
  }

  int32_t CompileSet(const CodePointSet& characters, int32_t next) {
    if (!is_bytes_) return AddSet(characters, next, /*begins_char=*/true);
    // The same tail of two sequences, such as 80-BF, is one instruction.
    std::map<std::tuple<uint8_t, uint8_t, int32_t>, int32_t> tails;
    std::vector<int32_t> entries;
    for (const std::vector<ByteRange>& sequence : Utf8Sequences(characters.Without(forbidden_))) {
      int32_t at = next;
      for (auto range = sequence.rbegin(); range != sequence.rend(); ++range) {
        const auto [tail, is_new] = tails.try_emplace({range->first, range->last, at}, 0);
        if (is_new) {
          tail->second = AddSet(CodePointSet::Of({{range->first, range->last}}), at,
                                std::next(range) == sequence.rend());
        }
        at = tail->second;
      }
      entries.push_back(at);
      if (too_large_) return next;
    }
    if (entries.empty()) return AddSet({}, next, /*begins_char=*/true);
    int32_t entry = entries.back();
    for (size_t i = entries.size() - 1; i-- > 0;) {
      entry = Add({.op = Op::kSplit, .out = entries[i], .other = entry});
    }
    return entry;
  }

  int32_t AddSet(const CodePointSet& set, int32_t next, bool begins_char) {
    const auto [found, is_new] =
        set_ids_.try_emplace(set, static_cast<int32_t>(program_.sets.size()));
    if (is_new) program_.sets.push_back(set);
    if (begins_char && ++places_ > kPatternPlacesMax) too_large_ = true;
    return Add({.op = Op::kSet, .out = next, .set = found->second, .begins_char = begins_char});
  }

  const bool is_bytes_;
  const CodePointSet& forbidden_;
  PatternProgram program_;
  std::map<CodePointSet, int32_t> set_ids_;
  int places_ = 0;
  bool too_large_ = false;
};

}  // namespace

absl::StatusOr<PatternProgram> CompilePattern(const PatternNode& pattern, VocabularyKind kind,
                                              const CodePointSet& forbidden) {
  return Compiler(kind, forbidden).Compile(pattern);
}

}  // namespace runnel
