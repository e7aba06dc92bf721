// Computes how likely a text is for a model, character by character.
//
// For a one-directional model this is the log-likelihood: the log-probability of each character
// given those before it, including the context. For a bidirectional model it is the
// pseudo-log-likelihood (Besag, 1975), given the characters on both sides; see masked_scorer.h.
//
// Not thread-safe; it may move between threads from call to call. Call Advance until it is done,
// then the results.
#ifndef RUNNEL_CORE_READING_SCORER_H_
#define RUNNEL_CORE_READING_SCORER_H_

#include <vector>

#include "absl/status/statusor.h"

namespace runnel {

class Scorer {
 public:
  virtual ~Scorer() = default;

  // Does a little work, some milliseconds at most unless the network is very large. True once the
  // whole text is scored. DATA_LOSS if the model's logits are not finite; not to be called again.
  virtual absl::StatusOr<bool> Advance() = 0;

  // One value for each character of the text, in nats; for a model of bytes, the sum over the
  // character's bytes.
  const std::vector<double>& char_logprobs() const { return char_logprobs_; }

 protected:
  std::vector<double> char_logprobs_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_SCORER_H_
