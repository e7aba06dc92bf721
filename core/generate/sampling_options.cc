#include "core/generate/sampling_options.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/number_text.h"

namespace runnel {
namespace {

bool ForbidsAll(const LogitBias& bias, const Vocabulary& vocabulary) {
  // Not those that bytes can write: a bias has kLogitBiasMax at most.
  if (vocabulary.kind() == VocabularyKind::kBytes) return false;
  for (int id = 0; id < vocabulary.char_count(); ++id) {
    if (!bias.forbidden.Contains(vocabulary.Symbol(id))) return false;
  }
  return true;
}

}  // namespace

void Validate(const SamplingOptions& options, int64_t max_chars_cap, Violations* violations) {
  if (!(options.temperature >= 0) || std::isinf(options.temperature)) {
    violations->Add("sampling.temperature", absl::StrCat("is ", NumberText(options.temperature),
                                                         "; must be 0 or more, and finite"));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    violations->Add("sampling.top_p",
                    absl::StrCat("is ", NumberText(options.top_p), "; must be above 0, at most 1"));
  }
  violations->CheckRange<float>("sampling.min_p", options.min_p, 0, 1);
  if (!(options.repetition_penalty > 0) || std::isinf(options.repetition_penalty)) {
    violations->Add("sampling.repetition_penalty",
                    absl::StrCat("is ", NumberText(options.repetition_penalty),
                                 "; must be above 0, and finite"));
  }
  violations->CheckRange<int64_t>("stop.max_chars", options.max_chars, 1, max_chars_cap);
}

void BindToVocabulary(const Vocabulary& vocabulary, PatternCache* patterns,
                      SamplingOptions* options, Violations* violations) {
  const bool forbids =
      options->logit_bias != nullptr && !options->logit_bias->forbidden.ranges().empty();
  if (forbids && ForbidsAll(*options->logit_bias, vocabulary)) {
    violations->Add("sampling.logit_bias", "forbids every character of the model");
    return;
  }
  if (options->logit_bias != nullptr) {
    options->bias_offsets = std::make_shared<const OffsetsByPartial>(
        OffsetsOf(options->logit_bias->entries, vocabulary));
  }
  if (!forbids && options->pattern.empty()) return;
  auto constraint =
      patterns->Get(options->pattern.empty() ? "(?s).*" : options->pattern, vocabulary,
                    forbids ? options->logit_bias->forbidden : CodePointSet());
  if (constraint.ok()) {
    options->constraint = *std::move(constraint);
  } else {
    violations->Add("sampling.pattern", std::string(constraint.status().message()));
  }
}

}  // namespace runnel
