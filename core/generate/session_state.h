// Everything that a text needs to be gone on with later, to the bit.
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
  std::vector<float> state;  // [layers][states][H], after everything but the last symbol
  // The last symbol, which the model reads first when the text goes on: so nothing but a state and
  // a symbol is ever needed to come to the next logits.
  int32_t last_symbol = 0;
  std::vector<char32_t> recent;  // characters read or written last, oldest first
  std::string partial;           // bytes of a character that is not complete
  double partial_logprob = 0;    // nats, of those bytes
  std::vector<Held> held;        // written, but not let out: they may begin a stop sequence
  // Where the text's whole characters stand in its pattern; a fingerprint of 0 is none.
  uint64_t pattern_fingerprint = 0;
  std::vector<int32_t> pattern_places;
  bool pattern_accepts = false;

  friend bool operator==(const SessionState&, const SessionState&) = default;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SESSION_STATE_H_
