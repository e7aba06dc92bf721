// Puts drawn symbols together into characters with their log-probabilities. In a vocabulary of code
// points each symbol is a character; in one of bytes a character takes up to four.
//
// Not thread-safe; it may move between threads from call to call.
#ifndef RUNNEL_CORE_GENERATE_CHAR_ASSEMBLER_H_
#define RUNNEL_CORE_GENERATE_CHAR_ASSEMBLER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/generate/sampler.h"
#include "core/generate/session_state.h"
#include "core/generate/text_gate.h"
#include "core/text/utf8.h"
#include "core/text/vocabulary.h"

namespace runnel {

class CharAssembler {
 public:
  // `vocabulary` must outlive it. Characters come with up to `alternatives` alternatives each.
  CharAssembler(const Vocabulary* vocabulary, int alternatives);

  // Takes a symbol that `sampler` has just drawn and that is no end of a document. Returns the
  // character that it completes, if it does.
  std::optional<CharLogprob> Add(const Draw& draw, const Sampler& sampler);

  // The character that is not complete yet: how far it has come, its bytes so far, and their
  // log-probability in nats. A vocabulary of code points never has one.
  const Utf8Machine& utf8() const { return utf8_; }
  const std::string& partial() const { return partial_; }
  double partial_logprob() const { return next_.logprob; }

  // Takes up the incomplete character that `state` was saved with.
  void Resume(const SessionState& state);

 private:
  bool is_bytes() const { return vocabulary_->kind() == VocabularyKind::kBytes; }
  // Adds the alternatives of the last draw to the character that is being assembled.
  void NoteAlternatives(const Draw& drawn, const Sampler& sampler, bool completes);

  const Vocabulary* vocabulary_;
  int alternatives_;
  std::vector<uint8_t>
      characters_;  // [V]: 1 for symbols that are a whole character; empty: all are
  Utf8Machine utf8_;
  std::string partial_;
  CharLogprob next_;  // what is known of the next character
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_CHAR_ASSEMBLER_H_
