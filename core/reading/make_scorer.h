// The one place that knows every kind of scorer.
#ifndef RUNNEL_CORE_READING_MAKE_SCORER_H_
#define RUNNEL_CORE_READING_MAKE_SCORER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/nn/language_model.h"
#include "core/reading/scorer.h"

namespace runnel {

// The scorer that suits the model. `context` is read first and not scored. Both are ids of the
// model's vocabulary and whole characters; `text` has at least one.
std::unique_ptr<Scorer> MakeScorer(std::shared_ptr<const LanguageModel> model,
                                   std::vector<int32_t> context, std::vector<int32_t> text);

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_MAKE_SCORER_H_
