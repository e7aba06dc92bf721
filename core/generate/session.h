// One text being written: a column of state, read on by the prompt and then by each character
// drawn.
//
// The text depends on the model, the prompt and the options alone. Whole characters come out, also
// of a byte vocabulary: bytes that cannot go on a valid UTF-8 text are never drawn.
//
// Not thread-safe; it may move between threads from call to call. Calls: ReadPrompt until it is
// done, then NextChar.
#ifndef RUNNEL_CORE_GENERATE_SESSION_H_
#define RUNNEL_CORE_GENERATE_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/generate/sampler.h"
#include "core/generate/sampling_options.h"
#include "core/nn/language_model.h"
#include "core/text/utf8.h"

namespace runnel {

class Session {
 public:
  // Valid options. An empty `prompt` stands for the model's start character. `state` is where the
  // model begins, zeros if empty.
  Session(std::shared_ptr<const LanguageModel> model, const SamplingOptions& options,
          std::vector<int32_t> prompt, std::vector<float> state = {});

  // Reads on, at most `symbols_max` symbols. True when the prompt is read.
  bool ReadPrompt(int64_t symbols_max);

  // Draws one character and appends it to `text`. False, with nothing drawn, once there are
  // max_chars.
  bool NextChar(std::string* text);

  int64_t generated_chars() const { return generated_chars_; }
  // Of the whole text so far, nats.
  double logprob() const { return logprob_; }

 private:
  // Lets the model read `id` and leaves the logits of what follows.
  void Read(int32_t id);
  int32_t DrawSymbol();

  const std::shared_ptr<const LanguageModel> model_;
  const SamplingOptions options_;
  const std::vector<int32_t> prompt_;
  std::vector<float> state_;   // [layers][states][H]
  std::vector<float> logits_;  // [V], after everything read
  Sampler sampler_;
  Utf8Machine utf8_;              // byte vocabularies: inside which character the text stands
  std::vector<uint8_t> allowed_;  // byte vocabularies: which bytes can follow
  int64_t prompt_read_ = 0;       // symbols
  int64_t symbols_drawn_ = 0;
  int64_t generated_chars_ = 0;
  int32_t unread_ = -1;  // drawn, not read yet
  double logprob_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SESSION_H_
