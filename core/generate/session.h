// One text being written, as a crank: it says which symbol the model must read next and takes the
// logits that this gives. No model arithmetic inside, so any number of sessions can share a step.
//
//   while (!session.ended()) {
//     decoder.Step({session.NextInput()}, {session.state()}, logits);
//     session.Accept(logits, &text);
//   }
//
// The text depends on the model, the prompt and the options alone. Whole characters come out, also
// of a byte vocabulary: bytes that cannot go on a valid UTF-8 text are never drawn.
//
// Not thread-safe; it may move between threads from call to call.
#ifndef RUNNEL_CORE_GENERATE_SESSION_H_
#define RUNNEL_CORE_GENERATE_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/generate/sampler.h"
#include "core/generate/sampling_options.h"
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
  kNone,         // it has not
  kLength,       // max_chars
  kInterrupted,  // Interrupt was called
};

class Session {
 public:
  // Valid options. An empty `prompt` stands for the model's start character. `state` is where the
  // model begins, zeros if empty.
  Session(std::shared_ptr<const LanguageModel> model, const SamplingOptions& options,
          std::vector<int32_t> prompt, std::vector<float> state = {});

  // The id that the model must read next: of the prompt, or the one just drawn. Not after the end.
  int32_t NextInput() const;
  // [layers][states][H], moved on by the caller's Decoder::Step.
  float* state() { return state_.data(); }
  // Takes the logits [V] after NextInput was read. While symbols of the prompt are left nothing is
  // drawn; else one symbol is, and what became certain is appended to `text`: no character or
  // several, whatever the event. Not after the end.
  Event Accept(absl::Span<const float> logits, std::string* text);
  // Ends the text where it is, unless it has ended. What was held back is appended to `text`.
  void Interrupt(std::string* text);

  bool ended() const { return finish_reason_ != FinishReason::kNone; }
  FinishReason finish_reason() const { return finish_reason_; }
  // Whether the next Accept draws.
  bool prompt_read() const { return prompt_read_ + 1 >= static_cast<int64_t>(prompt_.size()); }
  // Of the text so far.
  int64_t generated_chars() const { return generated_chars_; }
  // Of the text so far, nats.
  double logprob() const { return logprob_; }
  const LanguageModel& model() const { return *model_; }

 private:
  Event End(FinishReason reason);

  std::shared_ptr<const LanguageModel> model_;
  SamplingOptions options_;
  std::vector<int32_t> prompt_;
  std::vector<float> state_;  // [layers][states][H]
  Sampler sampler_;
  Utf8Machine utf8_;              // byte vocabularies: inside which character the text stands
  std::vector<uint8_t> allowed_;  // byte vocabularies: which bytes can follow
  std::string character_;         // the bytes of the character that is being drawn
  int64_t prompt_read_ = 0;       // symbols
  int64_t symbols_drawn_ = 0;
  int64_t generated_chars_ = 0;
  int32_t drawn_ = -1;  // last; -1: none yet
  double logprob_ = 0;
  FinishReason finish_reason_ = FinishReason::kNone;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SESSION_H_
