#include "core/generate/sampling_options.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/number_text.h"

namespace runnel {
namespace {

bool ForbidsAll(const LogitBias& bias, const Vocabulary& vocabulary) {
  // A bias cannot forbid all characters that bytes can write: it has at most kLogitBiasMax.
  if (vocabulary.kind() == VocabularyKind::kBytes) return false;
  for (int id = 0; id < vocabulary.char_count(); ++id) {
    if (!bias.forbidden.Contains(vocabulary.Symbol(id))) return false;
  }
  return true;
}

}  // namespace

void ValidateSampling(const SamplingOptions& options, Violations* violations) {
  Validate(options.sampler, violations);
  if (!(options.repetition_penalty > 0) || std::isinf(options.repetition_penalty)) {
    violations->Add("repetition_penalty",
                    absl::StrCat("is ", NumberText(options.repetition_penalty),
                                 "; must be above 0, and finite"));
  }
}

void ValidateStop(const SamplingOptions& options, int64_t max_chars_cap, Violations* violations) {
  violations->CheckRange<int64_t>("max_chars", options.max_chars, 1, max_chars_cap);
}

void ValidateReport(const SamplingOptions& options, Violations* violations) {
  if (!options.top_logprobs) return;
  violations->CheckRange("top_logprobs", *options.top_logprobs, 0, kTopLogprobsMax);
}

void BindToVocabulary(const Vocabulary& vocabulary, PatternCache* patterns,
                      SamplingOptions* options, Violations* violations) {
  const bool forbids =
      options->logit_bias != nullptr && !options->logit_bias->forbidden.ranges().empty();
  if (forbids && ForbidsAll(*options->logit_bias, vocabulary)) {
    violations->Add("logit_bias", "forbids every character of the model");
    return;
  }
  if (options->logit_bias != nullptr) {
    options->bias_offsets = std::make_shared<const OffsetsByPartial>(
        OffsetsOf(options->logit_bias->entries, vocabulary));
  }
  ParsedPattern pattern = std::exchange(options->pattern, {});
  if (!forbids && pattern.empty()) return;
  if (pattern.empty()) pattern = ParsePattern("(?s).*").value();
  auto constraint =
      patterns->Get(pattern, vocabulary, forbids ? options->logit_bias->forbidden : CodePointSet());
  if (constraint.ok()) {
    options->constraint = *std::move(constraint);
  } else {
    violations->Add("pattern", std::string(constraint.status().message()));
  }
}

}  // namespace runnel
