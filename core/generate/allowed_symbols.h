// Which symbols a text can have next. Three rules decide:
//   - the unknown symbol is never written, since it stands for no particular character;
//   - a model of bytes only writes bytes that continue valid UTF-8, and no end of document inside a
//     character;
//   - with a pattern, the text can only continue in ways that lead to a match, and the document can
//     only end where the text matches.
//
// Not thread-safe; it may move between threads from call to call.
#ifndef RUNNEL_CORE_GENERATE_ALLOWED_SYMBOLS_H_
#define RUNNEL_CORE_GENERATE_ALLOWED_SYMBOLS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/generate/session_state.h"
#include "core/pattern/pattern.h"
#include "core/text/utf8.h"
#include "core/text/vocabulary.h"

namespace runnel {

class AllowedSymbols {
 public:
  // `vocabulary` must outlive it. A null `pattern` allows any text; another one must have been
  // compiled for the vocabulary.
  AllowedSymbols(const Vocabulary* vocabulary, std::shared_ptr<const Pattern> pattern);

  // [V]: not 0 for the symbols that can come next; empty if all can. `utf8` tells inside which
  // character the text ends. Valid until the next call.
  absl::Span<const uint8_t> Next(const Utf8Machine& utf8);
  // Like Next, but without the pattern: the symbols that continue valid UTF-8. Call it after Next.
  absl::Span<const uint8_t> NextByUtf8() const { return utf8_allowed_; }

  // The text continues with `symbol`, which was allowed.
  void Take(int32_t symbol);
  // The symbols taken so far are whole characters.
  void NoteCharEnd() { char_place_ = place_; }

  // Whether the pattern allows no further symbol.
  bool at_dead_end() const { return place_ != nullptr && !place_->can_continue(); }
  // Whether the text so far matches the pattern. Call it only with a pattern.
  bool matches() const { return place_->accepts; }

  // Takes up the place in the pattern that `state` was saved with, if it was saved with this
  // pattern. INVALID_ARGUMENT if the pattern has no such place, or does not allow the bytes of the
  // character that the state is inside.
  absl::Status Resume(const SessionState& state);
  // Writes the pattern and the place in it to `state`.
  void Save(SessionState* state) const;

 private:
  bool is_bytes() const { return vocabulary_->kind() == VocabularyKind::kBytes; }
  void UpdateUtf8Allowed(const Utf8Machine& utf8);

  const Vocabulary* vocabulary_;
  std::shared_ptr<const Pattern> pattern_;
  Pattern::StatePtr place_;               // in the pattern, after everything taken
  Pattern::StatePtr char_place_;          // likewise, after the last whole character
  std::vector<uint8_t> known_;            // code points without a pattern: all but the unknown
  std::vector<uint8_t> allowed_and_end_;  // what the pattern allows, and the end of a document
  std::vector<uint8_t> utf8_allowed_;     // bytes: what continues valid UTF-8
  int utf8_mask_ = -1;                    // bytes: which of the masks utf8_allowed_ holds
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_ALLOWED_SYMBOLS_H_
