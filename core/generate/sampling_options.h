// How text is drawn from a model and when it ends, every choice made.
#ifndef RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_
#define RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/violations.h"
#include "core/generate/logit_bias.h"
#include "core/generate/stop_sequences.h"
#include "core/pattern/pattern.h"
#include "core/pattern/pattern_cache.h"

namespace runnel {

inline constexpr int kTopLogprobsMax = 20;

struct SamplingOptions {
  float temperature = 1;         // >= 0, finite; 0 takes the likeliest character
  int32_t top_k = 0;             // the k likeliest alone, >= 0; 0: all
  float top_p = 1;               // (0, 1]; see SamplerOptions
  float min_p = 0;               // [0, 1]
  float repetition_penalty = 1;  // > 0, finite; divides the odds of RecentChars
  uint64_t seed = 0;
  uint64_t sample_index = 0;  // which of several texts of one seed
  int64_t max_chars = 256;    // >= 1, in characters
  bool include_stop = false;  // the stop sequence that ends the text is part of it
  bool return_state = false;  // the text will be gone on with: characters that may begin a stop
                              // sequence stay held at the end
  int top_logprobs = -1;      // alternatives a character, 0 to kTopLogprobsMax; -1: no logprobs
  std::string pattern;        // the whole text must match it; empty: no constraint
  std::shared_ptr<const StopSequences> stops;   // null: none
  std::shared_ptr<const LogitBias> logit_bias;  // null: none

  // Made by BindToVocabulary: of `pattern` and of forbidden characters; null: no constraint.
  std::shared_ptr<const Pattern> constraint;
  // Made by BindToVocabulary: of the other characters of `logit_bias`; null: none.
  std::shared_ptr<const OffsetsByPartial> bias_offsets;
};

// Fields as the wire names them: "sampling.temperature", "stop.max_chars". `max_chars_cap` is the
// server's.
void Validate(const SamplingOptions& options, int64_t max_chars_cap, Violations* violations);

// What depends on the model: compiles the pattern, which must be well-formed, finds the biases' ids
// and refuses to forbid every character. Call it before a session is made, if the options have a
// pattern or a bias.
void BindToVocabulary(const Vocabulary& vocabulary, PatternCache* patterns,
                      SamplingOptions* options, Violations* violations);

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_
