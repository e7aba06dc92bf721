// One text being written, as a crank: it says which symbol the model must read next and takes the
// logits that this gives. No model arithmetic inside, so any number of sessions can share a step.
//
//   while (!session.ended()) {
//     decoder.Step({session.NextInput()}, {session.state()}, logits);
//     session.Accept(logits, &sampler, &text);
//   }
//
// The text depends on the model, the prompt, the options and what it goes on from alone. Whole
// characters come out, also of a byte vocabulary: bytes that cannot go on a valid UTF-8 text are
// never drawn.
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
#include "core/generate/sampler.h"
#include "core/generate/sampling_options.h"
#include "core/generate/session_state.h"
#include "core/generate/text_gate.h"
#include "core/nn/finite_logits.h"
#include "core/nn/language_model.h"
#include "core/text/utf8.h"

namespace runnel {

// What taking a step's logits came to.
enum class Event {
  kReading,  // a symbol of the prompt was read; there are more
  kMidChar,  // a byte was drawn that does not complete a character
  kChar,     // a character was drawn
  kEnd,      // the text is complete, its last character perhaps drawn by this very step
};

// Why a text ended.
enum class FinishReason {
  kNone,               // it has not
  kLength,             // max_chars were drawn
  kStopSequence,       // one of the stop sequences was written
  kPatternComplete,    // the text matches the pattern, and nothing can be added to it
  kPatternImpossible,  // nothing that can be added leads to a match
  kEndOfDocument,      // the model drew the end of a document
  kInterrupted,        // Interrupt was called
  kNotFinite,          // what the model computed is not finite: see status()
};

class Session {
 public:
  // Valid options, bound to the model's vocabulary. `state` is where the model begins; if it is
  // empty it begins from zeros, and the model's start character comes before an empty `prompt` and,
  // as every document begins with it, before any prompt of a model of documents.
  Session(std::shared_ptr<const LanguageModel> model, const SamplingOptions& options,
          std::vector<int32_t> prompt, std::vector<float> state = {});
  // Goes on from `resumed`, which is of the same model, after `prompt` (which may be empty) has
  // been read on from it. Draws are those of the options' seed and sample, from the resumed
  // position on. INVALID_ARGUMENT if `resumed` stands nowhere in the options' pattern.
  static absl::StatusOr<Session> Resume(std::shared_ptr<const LanguageModel> model,
                                        const SamplingOptions& options, const SessionState& resumed,
                                        std::vector<int32_t> prompt);

  // The id that the model must read next: of the prompt, or the one just drawn. Not after the end.
  int32_t NextInput() const { return last_drawn_ >= 0 ? last_drawn_ : prompt_[prompt_read_]; }
  // [layers][states][H], moved on by the caller's Decoder::Step.
  float* state() { return state_.data(); }
  // What is left of the prompt but its last symbol. Nothing is drawn after these, so the caller may
  // let the model read some of them without logits, by Decoder::Read, and say how many.
  absl::Span<const int32_t> PromptAhead() const {
    if (prompt_read()) return {};
    return absl::MakeConstSpan(prompt_).subspan(prompt_read_, prompt_.size() - 1 - prompt_read_);
  }
  void NoteRead(int64_t symbols) {
    prompt_read_ += symbols;
    KeepStateBeforeLastRead();
  }
  // Takes the logits [V] after NextInput was read. While symbols of the prompt are left nothing is
  // drawn; else one symbol is, and what became certain is appended to `text`: no character or
  // several, whatever the event. `sampler` is room to work in, which any number of sessions can
  // share. Not after the end.
  Event Accept(absl::Span<const float> logits, Sampler* sampler, std::string* text);
  // Ends the text where it is, unless it has ended. What was held back, by an earlier text too, is
  // appended to `text`, unless the text will be gone on with.
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
  // Whether the next Accept draws.
  bool prompt_read() const { return prompt_read_ + 1 >= static_cast<int64_t>(prompt_.size()); }
  // Of the text so far: characters let out, and their log-probability in nats.
  int64_t generated_chars() const { return gate_.chars(); }
  double logprob() const { return gate_.logprob(); }
  // One for each character let out since the last call, if the options ask for them.
  std::vector<CharLogprob> TakeLogprobs() { return gate_.TakeLogprobs(); }
  // What it takes to go on from here. At the end (or between two steps), with return_state; none if
  // more than one symbol of the prompt is left to read.
  std::optional<SessionState> Save() const;

  const LanguageModel& model() const { return *model_; }

 private:
  absl::Status ResumePlace(const SessionState& resumed);
  // What comes before the first draw. True if the text ends here.
  bool EndsAtOnce(std::string* text);
  // What an earlier text held back comes first. True if a stop sequence is complete.
  bool PushResumedHeld(std::string* text);
  absl::Span<const LogitOffset> Offsets();
  // The symbols that can be drawn, by id; empty: all.
  absl::Span<const uint8_t> Allowed();
  Draw DrawSymbol(absl::Span<const float> logits, Sampler* sampler);
  // Takes note of the last draw's alternatives to the character that is being written.
  void NoteAlternatives(const Draw& drawn, const Sampler& sampler, bool completes);
  Event CompleteChar(char32_t character, std::string* text);
  Event End(FinishReason reason, std::string* text);
  Event EndPattern(std::string* text);
  // The last characters of a prompt become recent ones.
  void AddRecent(absl::Span<const int32_t> prompt);
  void KeepStateBeforeLastRead();
  // The state that Save saves.
  const std::vector<float>& StateToSave() const;
  uint64_t seed() const { return options_.seed.value_or(0); }
  bool is_bytes() const { return model_->vocabulary.kind() == VocabularyKind::kBytes; }
  bool at_dead_end() const { return place_ != nullptr && !place_->can_go_on(); }

  std::shared_ptr<const LanguageModel> model_;
  SamplingOptions options_;
  std::vector<int32_t> prompt_;
  int64_t prompt_read_ = 0;   // symbols
  std::vector<float> state_;  // [layers][states][H]
  // A text that ends before anything is drawn: the state without the prompt's last symbol.
  std::vector<float> state_before_last_;
  std::vector<SessionState::Held> resumed_held_;

  uint64_t position_ = 0;  // of the next draw
  int32_t last_drawn_ = -1;
  int64_t chars_drawn_ = 0;
  Pattern::StatePtr place_;               // in the constraint
  Pattern::StatePtr char_place_;          // there, when the last character was complete
  std::vector<uint8_t> allowed_;          // without one; of code points, all but the unknown
  std::vector<uint8_t> allowed_and_end_;  // with one: what it allows, and the end of a document
  std::vector<uint8_t> characters_;       // 1 for the ids that are a character each; empty: all
  std::vector<uint8_t> utf8_allowed_;     // byte vocabularies: what goes on valid UTF-8
  std::vector<LogitOffset> offsets_;      // of this draw
  int utf8_mask_ = -1;                    // which one utf8_allowed_ holds
  RecentChars recent_;
  Utf8Machine utf8_;       // inside which character a byte vocabulary's text stands
  std::string partial_;    // that character's bytes
  CharLogprob next_char_;  // what is known of it
  TextGate gate_;
  FinishReason finish_reason_ = FinishReason::kNone;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SESSION_H_
