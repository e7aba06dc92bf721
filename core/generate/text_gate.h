// Holds back the characters of a text for as long as they may be part of a stop sequence, which is
// then cut off.
#ifndef RUNNEL_CORE_GENERATE_TEXT_GATE_H_
#define RUNNEL_CORE_GENERATE_TEXT_GATE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/generate/stop_sequences.h"

namespace runnel {

struct CharAlternative {
  char32_t character = 0;
  double logprob = 0;  // nats
};

// A character that was drawn.
struct CharLogprob {
  char32_t character = 0;
  double logprob = 0;                         // nats
  std::vector<CharAlternative> alternatives;  // likeliest first
};

class TextGate {
 public:
  // `stops` may be null. With `include_stop`, the sequence that ends the text is part of the text.
  TextGate(std::shared_ptr<const StopSequences> stops, bool include_stop, bool keep_logprobs)
      : stops_(std::move(stops)), include_stop_(include_stop), keep_logprobs_(keep_logprobs) {}

  // Takes the next character, and appends the characters that became certain to `text`. Returns
  // true if a stop sequence is complete: then the text ends, and nothing is held back any more.
  bool Push(CharLogprob character, std::string* text);
  // Appends the characters that are held back to `text`.
  void Flush(std::string* text);

  // The characters that are held back because they may begin a stop sequence.
  const std::deque<CharLogprob>& held() const { return held_; }
  // The sequence that ended the text; empty if none did.
  const std::string& matched_stop() const { return matched_stop_; }

  // The number of characters that came out, and the sum of their log-probabilities in nats.
  int64_t chars() const { return chars_; }
  double logprob() const { return logprob_; }
  // The characters that came out since the last call; empty unless `keep_logprobs` was set.
  std::vector<CharLogprob> TakeLogprobs();

 private:
  void LetOut(CharLogprob character, std::string* text);

  std::shared_ptr<const StopSequences> stops_;
  bool include_stop_;
  bool keep_logprobs_;
  StopSequences::State state_ = 0;
  std::deque<CharLogprob> held_;
  std::string matched_stop_;
  int64_t chars_ = 0;
  double logprob_ = 0;
  std::vector<CharLogprob> logprobs_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_TEXT_GATE_H_
