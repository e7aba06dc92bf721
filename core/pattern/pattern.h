// A regular expression that steers a text while it is being written: after each symbol it tells
// which symbols can follow so that the whole text can still match, and whether the text matches
// now.
//
// The expression is compiled to a small program (pattern_program.h), a graph of instructions of
// which some take a symbol. The idea is to follow all ways through the program at once, and to
// remember the results. The terms:
//
//   symbol   what the model writes at once: a code point, or a byte, by its id in the vocabulary.
//   place    an instruction that takes a symbol, by its index in the program. A text is at several
//            places at once, since an expression such as (ab|ac) has several ways to continue.
//   live     a place is live if a match can be reached from it with this vocabulary. Only live
//            places are followed: when there are none left, nothing more can be written.
//   class    a set of symbols that every instruction treats alike. [a-z]+[0-9] has three: letters,
//            digits and all others. Results are remembered for each class, not for each symbol.
//   state    a set of live places, and whether the text matches there. It has one successor for
//            each class of symbols.
//
// So the nondeterministic program becomes a deterministic automaton, one state at a time as texts
// reach it (Aho, Sethi, Ullman, "Compilers", 1986, algorithm 3.6). States are kept and shared by
// all texts of the pattern, up to kPatternCacheBytesMax and to a bound for all patterns together
// (pattern_memory.h). Beyond that, each text makes the state that it needs and drops it at the next
// symbol.
//
// Thread-safe. States live as long as the pattern.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_H_
#define RUNNEL_CORE_PATTERN_PATTERN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/mutex.h"
#include "core/pattern/pattern_memory.h"
#include "core/pattern/pattern_program.h"
#include "core/pattern/pattern_syntax.h"
#include "core/text/vocabulary.h"

namespace runnel {

inline constexpr int64_t kPatternCacheBytesMax = 8 << 20;

class Pattern {
 public:
  // How far a text has come in the pattern. Immutable.
  struct State {
    // The live places, ascending. Together with `accepts` they identify the state.
    std::vector<int32_t> places;
    bool accepts = false;          // the text so far matches
    std::vector<uint8_t> allowed;  // [V]: the symbols after which a match can still be reached

    bool can_continue() const { return !places.empty(); }

   private:
    friend class Pattern;
    // [classes]: the successors of a kept state; null if not made yet. Guarded by Pattern::mutex_.
    mutable std::vector<const State*> next;
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

  // The state of the empty text.
  StatePtr Start() const { return start_; }
  // The state after `symbol`, which must be allowed in `state`.
  StatePtr Next(const State& state, int32_t symbol) const RUNNEL_EXCLUDES(mutex_);
  // The state of these places. INVALID_ARGUMENT unless they are live places, ascending, at which a
  // character begins.
  absl::StatusOr<StatePtr> Restore(std::vector<int32_t> places, bool accepts) const
      RUNNEL_EXCLUDES(mutex_);

  // A hash of the expression, the forbidden characters and the vocabulary.
  uint64_t fingerprint() const { return fingerprint_; }
  // The number of states that are kept for all texts.
  int64_t states_kept() const RUNNEL_EXCLUDES(mutex_);

 private:
  using Key = std::pair<std::vector<int32_t>, bool>;  // places, accepts

  Pattern(PatternProgram program, const Vocabulary& vocabulary, const CodePointSet& forbidden,
          uint64_t fingerprint, std::shared_ptr<PatternMemory> memory);
  void ClassifySymbols(const std::vector<CodePointSet>& sets, const Vocabulary& vocabulary,
                       const CodePointSet& forbidden);
  void FindLivePlaces();
  // Adds the live places that `from` leads to without taking a symbol to scratch_places_. Returns
  // whether the match is reached, too.
  bool Close(int32_t from, bool at_start) const RUNNEL_REQUIRES(mutex_);
  // Takes `bytes` for a state to be kept; false if there is no room.
  bool TakeRoom(int64_t bytes) const RUNNEL_REQUIRES(mutex_);
  // Returns the state of `key`: one that is kept, or a new one, which is kept if there is room.
  StatePtr FindOrMake(Key key) const RUNNEL_REQUIRES(mutex_);

  const std::vector<PatternInstruction> instructions_;  // its index is a place
  const uint64_t fingerprint_;
  std::vector<int32_t> class_of_;  // [V]
  int32_t classes_ = 0;
  std::vector<std::vector<bool>> set_holds_;  // [sets][classes]
  // [instructions]: whether the text may end here, if it is empty or not, and whether a match can
  // be reached from here after the beginning of the text.
  std::vector<bool> ends_at_start_;
  std::vector<bool> ends_;
  std::vector<bool> live_;

  const std::shared_ptr<PatternMemory> memory_;
  mutable Mutex mutex_;
  mutable std::map<Key, State> kept_ RUNNEL_GUARDED_BY(mutex_);  // its nodes do not move
  mutable int64_t kept_bytes_ RUNNEL_GUARDED_BY(mutex_) = 0;
  mutable std::vector<int32_t> scratch_places_ RUNNEL_GUARDED_BY(mutex_);
  mutable std::vector<int32_t> scratch_stack_ RUNNEL_GUARDED_BY(mutex_);
  // [instructions]: the last round that came by.
  mutable std::vector<int64_t> visited_ RUNNEL_GUARDED_BY(mutex_);
  mutable int64_t round_ RUNNEL_GUARDED_BY(mutex_) = 0;
  StatePtr start_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_H_
