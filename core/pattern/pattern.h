// A pattern that a whole text must match, symbol by symbol of a vocabulary: which symbols can go
// on, whether the text so far matches.
//
// The automaton is made deterministic as texts go through it (Aho, Sethi, Ullman, "Compilers",
// 1986, algorithm 3.6), over classes of symbols that the pattern does not tell apart. States are
// kept and shared by all texts up to kPatternCacheBytesMax, and to what is left for all patterns;
// beyond, each text makes its own, one at a time.
//
// Thread-safe. States live as long as the pattern.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_H_
#define RUNNEL_CORE_PATTERN_PATTERN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/pattern/pattern_memory.h"
#include "core/pattern/pattern_program.h"
#include "core/pattern/pattern_syntax.h"
#include "core/text/vocabulary.h"

namespace runnel {

inline constexpr int64_t kPatternCacheBytesMax = 8 << 20;

class Pattern {
 public:
  // Where a text stands in the pattern. Immutable.
  struct State {
    // What identifies it: where in the program it stands, ascending, and `accepts`. Only places
    // from which a match can be reached.
    std::vector<int32_t> places;
    bool accepts = false;          // the text so far matches
    std::vector<uint8_t> allowed;  // [V]: the symbols after which a match can still be reached

    bool can_go_on() const { return !places.empty(); }

   private:
    friend class Pattern;
    mutable std::vector<const State*> next;  // [classes], of a kept state; null: not made yet
  };
  using StatePtr = std::shared_ptr<const State>;

  // INVALID_ARGUMENT if the pattern is too large for this vocabulary. `forbidden` characters never
  // occur. The memory for states comes out of `memory`; null: only kPatternCacheBytesMax bounds it.
  static absl::StatusOr<std::shared_ptr<const Pattern>> Compile(
      const ParsedPattern& parsed, const Vocabulary& vocabulary, const CodePointSet& forbidden = {},
      std::shared_ptr<PatternMemory> memory = nullptr);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // Of the empty text.
  StatePtr Start() const { return start_; }
  // After `symbol`, which must be allowed.
  StatePtr Next(const State& state, int32_t symbol) const;
  // The state of these places. INVALID_ARGUMENT unless they are places, ascending, where a
  // character begins.
  absl::StatusOr<StatePtr> Restore(std::vector<int32_t> places, bool accepts) const;

  // Of the expression, the forbidden characters and the vocabulary.
  uint64_t fingerprint() const { return fingerprint_; }
  // States kept for all texts.
  int64_t states_kept() const;

 private:
  using Key = std::pair<std::vector<int32_t>, bool>;  // places, accepts

  Pattern(PatternProgram program, const Vocabulary& vocabulary, const CodePointSet& forbidden,
          uint64_t fingerprint, std::shared_ptr<PatternMemory> memory);
  void ClassifySymbols(const std::vector<CodePointSet>& sets, const Vocabulary& vocabulary,
                       const CodePointSet& forbidden);
  void FindLivePlaces();
  // Adds the places that `from` leads to without taking a symbol, to scratch_places_. True if the
  // match is among them.
  bool Close(int32_t from, bool at_start) const;
  // Whether a state of so many bytes can be kept; if so, they are taken. mutex_ held.
  bool TakeRoom(int64_t bytes) const;
  // The state of `key`: one that is kept, or a new one, kept if there is room. mutex_ held.
  StatePtr FindOrMake(Key key) const;

  const std::vector<PatternInstruction> instructions_;  // its index is a place
  const uint64_t fingerprint_;
  std::vector<int32_t> class_of_;  // [V]
  int32_t classes_ = 0;
  std::vector<std::vector<bool>> set_holds_;  // [sets][classes]
  std::vector<bool> ends_at_start_;           // [places]: the empty text may end here
  std::vector<bool> ends_;                    // [places]: the text may end here, mid-text
  std::vector<bool> live_;                    // [places]: a match can be reached, mid-text

  const std::shared_ptr<PatternMemory> memory_;
  mutable std::mutex mutex_;
  mutable std::map<Key, State> kept_;  // its nodes do not move
  mutable int64_t kept_bytes_ = 0;
  mutable std::vector<int32_t> scratch_places_;
  mutable std::vector<int32_t> scratch_stack_;
  mutable std::vector<int64_t> visited_;  // [places]: the round it was last met in
  mutable int64_t round_ = 0;
  StatePtr start_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_H_
