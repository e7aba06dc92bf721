// How a text is drawn from a model and when it ends.
#ifndef RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_
#define RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/violations.h"
#include "core/generate/logit_bias.h"
#include "core/generate/sampler.h"
#include "core/generate/stop_sequences.h"
#include "core/pattern/pattern.h"
#include "core/pattern/pattern_cache.h"
#include "core/pattern/pattern_syntax.h"

namespace runnel {

inline constexpr int kTopLogprobsMax = 20;

struct SamplingOptions {
  SamplerOptions sampler;        // how a symbol is drawn
  float repetition_penalty = 1;  // > 0, finite; divides the odds of RecentChars
  // The seed of the draws. If it is absent, the code that makes the session should choose one; a
  // session without a seed uses 0.
  std::optional<uint64_t> seed;
  uint64_t sample_index = 0;  // which of several texts of one seed
  int64_t max_chars = 256;    // >= 1, in characters
  bool include_stop = false;  // whether the stop sequence that ends the text is part of it
  // Whether the text will be resumed: then characters that may begin a stop sequence stay held back
  // at its end.
  bool return_state = false;
  // Alternatives to report for each character, 0 to kTopLogprobsMax. None: no log-probabilities.
  std::optional<int> top_logprobs;
  ParsedPattern pattern;                       // the whole text must match it; empty: no constraint
  std::shared_ptr<const StopSequences> stops;  // null: none
  std::shared_ptr<const LogitBias> logit_bias;  // null: none

  // Made by BindToVocabulary from `pattern` and from the forbidden characters; null: no constraint.
  std::shared_ptr<const Pattern> constraint;
  // Made by BindToVocabulary from the other characters of `logit_bias`; null: none.
  std::shared_ptr<const OffsetsByPartial> bias_offsets;
};

// Adds a violation for each option of drawing that is out of its range, under its field's name:
// "repetition_penalty" and the fields of SamplerOptions.
void ValidateSampling(const SamplingOptions& options, Violations* violations);
// The same for the end of the text: "max_chars", at most `max_chars_cap`, the server's bound.
void ValidateStop(const SamplingOptions& options, int64_t max_chars_cap, Violations* violations);
// The same for the report: "top_logprobs".
void ValidateReport(const SamplingOptions& options, Violations* violations);

// Completes the options for a vocabulary: compiles the pattern (and removes the parsed one, which
// sessions do not need), finds the ids of the biased characters, and adds a violation of
// "logit_bias" if every character is forbidden, or of "pattern" if it is too large. Call it before
// a session is made if the options have a pattern or a bias.
void BindToVocabulary(const Vocabulary& vocabulary, PatternCache* patterns,
                      SamplingOptions* options, Violations* violations);

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_SAMPLING_OPTIONS_H_
