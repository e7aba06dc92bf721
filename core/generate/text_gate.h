// Lets the characters of a text out as soon as no stop sequence can take them back.
#ifndef RUNNEL_CORE_GENERATE_TEXT_GATE_H_
#define RUNNEL_CORE_GENERATE_TEXT_GATE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/generate/stop_sequences.h"

namespace runnel {

struct CharAlternative {
  char32_t character = 0;
  double logprob = 0;  // nats
};

// A written character.
struct CharLogprob {
  char32_t character = 0;
  double logprob = 0;                         // nats
  std::vector<CharAlternative> alternatives;  // likeliest first
};

class TextGate {
 public:
  // `stops` may be null. With `include_stop` the sequence that ends the text is part of it.
  TextGate(std::shared_ptr<const StopSequences> stops, bool include_stop, bool keep_logprobs)
      : stops_(std::move(stops)), include_stop_(include_stop), keep_logprobs_(keep_logprobs) {}

  // The next character. Appends what became certain to `text`. True if a stop sequence is complete:
  // the text ends, and nothing is held any more.
  bool Push(CharLogprob character, std::string* text);
  // Lets out what is held.
  void Flush(std::string* text);

  // Characters that may yet begin a stop sequence.
  const std::deque<CharLogprob>& held() const { return held_; }
  // The sequence that ended the text; empty if none did.
  const std::string& matched_stop() const { return matched_stop_; }

  // Of the characters let out.
  int64_t chars() const { return chars_; }
  double logprob() const { return logprob_; }  // nats, their sum
  // Those let out since the last call; empty unless they are kept.
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
