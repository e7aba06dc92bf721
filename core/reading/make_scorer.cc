#include "core/reading/make_scorer.h"

#include <utility>

#include "core/reading/masked_scorer.h"
#include "core/reading/sequential_scorer.h"

namespace runnel {

std::unique_ptr<Scorer> MakeScorer(std::shared_ptr<const LanguageModel> model,
                                   std::vector<int32_t> context, std::vector<int32_t> text) {
  if (model->cloze != nullptr) {
    return std::make_unique<MaskedScorer>(std::move(model), std::move(context), std::move(text));
  }
  return std::make_unique<SequentialScorer>(std::move(model), std::move(context), std::move(text));
}

}  // namespace runnel
