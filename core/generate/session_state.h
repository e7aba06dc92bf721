// Everything that it takes to resume a text later so that it continues with the same bits.
#ifndef RUNNEL_CORE_GENERATE_SESSION_STATE_H_
#define RUNNEL_CORE_GENERATE_SESSION_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace runnel {

struct SessionState {
  struct Held {
    char32_t character = 0;
    double logprob = 0;
    friend bool operator==(const Held&, const Held&) = default;
  };

  uint64_t seed = 0;
  uint64_t sample_index = 0;
  uint64_t position = 0;     // of the next draw
  std::vector<float> state;  // [layers][states][H], after all symbols except the last
  // The last symbol, which the model reads first when the text is resumed. That way a state and a
  // symbol are always enough to compute the next logits.
  int32_t last_symbol = 0;
  std::vector<char32_t> recent;  // characters read or written last, oldest first
  std::string partial;           // bytes of a character that is not complete
  double partial_logprob = 0;    // nats, of those bytes
  std::vector<Held> held;        // drawn, but held back because they may begin a stop sequence
  // The place in its pattern that the text's whole characters have reached. A fingerprint of 0
  // means that there is no pattern.
  uint64_t pattern_fingerprint = 0;
  std::vector<int32_t> pattern_places;
  bool pattern_accepts = false;

  friend bool operator==(const SessionState&, const SessionState&) = default;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SESSION_STATE_H_
