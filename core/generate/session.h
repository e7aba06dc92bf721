// One text that a model writes.
//
// A recurrent model knows a text as a state, a fixed number of floats. One step of its decoder
// reads one symbol: the state changes, and out come logits, one for each symbol that may follow. A
// session decides everything around that step: which symbol is read next (first those of the
// prompt, then each one that was drawn), which symbol is drawn from the logits, which text becomes
// certain thereby, and when the text ends. It computes nothing of the model itself, so any number
// of sessions can share a step of the decoder, and a test can turn the crank by hand:
//
//   while (!session.ended()) {
//     decoder.Step({session.NextInput()}, {session.state()}, logits);
//     session.Accept(logits, &sampler, &text);
//   }
//
// Its parts are AllowedSymbols (what can be drawn), Sampler (what is drawn), CharAssembler (symbols
// to characters) and TextGate (characters held back while they may begin a stop sequence).
//
// The text depends on nothing but the model, the prompt, the options and the resumed state. It is
// valid UTF-8: with a vocabulary of bytes too, only whole characters come out.
//
// Not thread-safe; it may move between threads from call to call.
#ifndef RUNNEL_CORE_GENERATE_SESSION_H_
#define RUNNEL_CORE_GENERATE_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/generate/allowed_symbols.h"
#include "core/generate/char_assembler.h"
#include "core/generate/sampler.h"
#include "core/generate/sampling_options.h"
#include "core/generate/session_state.h"
#include "core/generate/text_gate.h"
#include "core/nn/finite_logits.h"
#include "core/nn/language_model.h"

namespace runnel {

// The result of a step.
enum class Event {
  kReading,  // a symbol of the prompt was read; there are more
  kMidChar,  // a byte was drawn that does not complete a character
  kChar,     // a character was drawn
  kEnd,      // the text is complete; this very step may have drawn its last character
};

// Why a text ended.
enum class FinishReason {
  kNone,               // it has not ended
  kLength,             // max_chars were drawn
  kStopSequence,       // one of the stop sequences was written
  kPatternComplete,    // the text matches the pattern, and nothing can be added to it
  kPatternImpossible,  // nothing that can be added leads to a match
  kEndOfDocument,      // the model drew the end of a document
  kInterrupted,        // Interrupt was called
  kNotFinite,          // the model's numbers are not finite: see status()
};

class Session {
 public:
  // `options` must be valid and bound to the model's vocabulary. The model begins with `state`, or
  // with zeros if that is empty. In the latter case it reads its start character before an empty
  // `prompt`, and a model of documents before any prompt, because every document begins with it.
  Session(std::shared_ptr<const LanguageModel> model, const SamplingOptions& options,
          std::vector<int32_t> prompt, std::vector<float> state = {});
  // Continues from `resumed`, which must be of the same model, after reading `prompt`, which may be
  // empty. Draws use the options' seed and sample, from the resumed position on. INVALID_ARGUMENT
  // if `resumed` is at no place of the options' pattern.
  static absl::StatusOr<Session> Resume(std::shared_ptr<const LanguageModel> model,
                                        const SamplingOptions& options, const SessionState& resumed,
                                        std::vector<int32_t> prompt);

  // The symbol that the model must read next: one of the prompt, or the one just drawn. Not to be
  // called after the end.
  int32_t NextInput() const { return last_drawn_ >= 0 ? last_drawn_ : prompt_[prompt_read_]; }
  // [layers][states][H]; the caller's Decoder::Step changes it.
  float* state() { return state_.data(); }
  // The rest of the prompt without its last symbol. Nothing is drawn after these symbols, so the
  // caller may let the model read some of them by Decoder::Read, without logits, and report their
  // number to NoteRead.
  absl::Span<const int32_t> PromptAhead() const {
    if (prompt_read()) return {};
    return absl::MakeConstSpan(prompt_).subspan(prompt_read_, prompt_.size() - 1 - prompt_read_);
  }
  void NoteRead(int64_t symbols) {
    prompt_read_ += symbols;
    KeepStateBeforeLastRead();
  }
  // Takes the logits [V] that reading NextInput gave. Draws a symbol from them unless more of the
  // prompt is left, and appends the text that became certain to `text`: no character, one or
  // several, whatever the event. `sampler` is scratch space that sessions may share. Not to be
  // called after the end.
  Event Accept(absl::Span<const float> logits, Sampler* sampler, std::string* text);
  // Ends the text where it is, unless it has ended. Characters that were held back, by an earlier
  // text too, are appended to `text` unless the text will be resumed.
  void Interrupt(std::string* text);

  bool ended() const { return finish_reason_ != FinishReason::kNone; }
  FinishReason finish_reason() const { return finish_reason_; }
  // DATA_LOSS if the text ended because the model's weights give numbers that are not finite:
  // logits to draw from or, with return_state, a state. Then there is nothing to save.
  absl::Status status() const {
    return finish_reason_ == FinishReason::kNotFinite ? NotFiniteError() : absl::OkStatus();
  }
  // The stop sequence that ended the text; empty if none did.
  const std::string& matched_stop() const { return gate_.matched_stop(); }
  // Whether the next Accept draws a symbol, because the prompt has been read up to its last symbol.
  bool prompt_read() const { return prompt_read_ + 1 >= static_cast<int64_t>(prompt_.size()); }
  // How many characters of the text came out so far, and their log-probability in nats.
  int64_t generated_chars() const { return gate_.chars(); }
  double logprob() const { return gate_.logprob(); }
  // One entry for each character that came out since the last call, if the options ask for them.
  std::vector<CharLogprob> TakeLogprobs() { return gate_.TakeLogprobs(); }
  // Everything that it takes to resume the text here. To be called at the end or between two steps,
  // with return_state. None if more than one symbol of the prompt is left to read, or if the text
  // ended with an error.
  std::optional<SessionState> Save() const;

  const LanguageModel& model() const { return *model_; }

 private:
  // Handles the cases that end a text before its first draw. Returns true if the text ends here.
  bool EndsAtOnce(std::string* text);
  // Writes the characters that an earlier text held back. True if they complete a stop sequence.
  bool PushResumedHeld(std::string* text);
  absl::Span<const LogitOffset> Offsets();
  Draw DrawSymbol(absl::Span<const float> logits, Sampler* sampler);
  Event TakeChar(CharLogprob character, std::string* text);
  Event End(FinishReason reason, std::string* text);
  Event EndPattern(std::string* text);
  void KeepStateBeforeLastRead();
  // The state that Save saves.
  const std::vector<float>& StateToSave() const;
  uint64_t seed() const { return options_.seed.value_or(0); }

  std::shared_ptr<const LanguageModel> model_;
  SamplingOptions options_;
  std::vector<int32_t> prompt_;
  int64_t prompt_read_ = 0;   // symbols
  std::vector<float> state_;  // [layers][states][H]
  // For a text that may end before anything is drawn: the state before the prompt's last symbol.
  std::vector<float> state_before_last_;
  std::vector<SessionState::Held> resumed_held_;

  uint64_t position_ = 0;  // of the next draw
  int32_t last_drawn_ = -1;
  int64_t chars_drawn_ = 0;
  AllowedSymbols allowed_;
  std::vector<LogitOffset> offsets_;  // of this draw
  RecentChars recent_;
  CharAssembler assembler_;
  TextGate gate_;
  FinishReason finish_reason_ = FinishReason::kNone;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SESSION_H_
