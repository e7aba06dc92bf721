// Writes whole texts with options that are bound to a model.
#ifndef RUNNEL_TESTS_CORE_GENERATE_WRITTEN_TEXT_H_
#define RUNNEL_TESTS_CORE_GENERATE_WRITTEN_TEXT_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/generate/single_stream.h"
#include "tests/core/generate/random_model.h"
#include "tests/core/pattern/parsed.h"

namespace runnel {

using ModelPtr = std::shared_ptr<const LanguageModel>;

// The options, bound to the model's vocabulary.
inline SamplingOptions Bound(SamplingOptions options, const LanguageModel& model) {
  static auto& patterns = *new PatternCache;
  Violations violations;
  BindToVocabulary(model.vocabulary, &patterns, &options, &violations);
  EXPECT_TRUE(violations.empty()) << violations.list().front().description;
  return options;
}

struct Outcome {
  std::string text;
  FinishReason reason = FinishReason::kNone;
  std::string matched_stop;
  double logprob = 0;
};

inline Outcome Write(const ModelPtr& model, SamplingOptions options,
                     const std::string& prompt = "") {
  options = Bound(std::move(options), *model);
  SingleStream stream(Session(
      model, options, model->vocabulary.Encode(prompt, Vocabulary::Unknown::kIsError)->ids));
  Outcome outcome = {.text = stream.WriteAll()};
  outcome.reason = stream.session().finish_reason();
  outcome.matched_stop = stream.session().matched_stop();
  outcome.logprob = stream.session().logprob();
  return outcome;
}

inline std::shared_ptr<const LogitBias> Biased(std::vector<LogitBias::Entry> entries,
                                               const std::vector<char32_t>& forbidden = {}) {
  auto bias = std::make_shared<LogitBias>();
  bias->entries = std::move(entries);
  std::vector<CodePointRange> ranges;
  for (const char32_t c : forbidden) ranges.push_back({c, c});
  bias->forbidden = CodePointSet::Of(std::move(ranges));
  return bias;
}

inline std::shared_ptr<const StopSequences> Stops(const std::vector<std::string>& sequences) {
  return StopSequences::Create(sequences).value();
}

}  // namespace runnel

#endif  // RUNNEL_TESTS_CORE_GENERATE_WRITTEN_TEXT_H_
