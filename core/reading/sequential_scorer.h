// The log-likelihood of a text under a one-directional model, in one pass from the left.
//
// Each symbol is judged by the distribution that a session would draw it from. For a model of bytes
// these are only the bytes that can continue a valid UTF-8 text. The unknown symbol is included,
// although a session never draws it, because a text may contain it.
#ifndef RUNNEL_CORE_READING_SEQUENTIAL_SCORER_H_
#define RUNNEL_CORE_READING_SEQUENTIAL_SCORER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/nn/language_model.h"
#include "core/reading/scorer.h"
#include "core/text/utf8.h"

namespace runnel {

class SequentialScorer : public Scorer {
 public:
  // As MakeScorer; the model is one-directional.
  SequentialScorer(std::shared_ptr<const LanguageModel> model, std::vector<int32_t> context,
                   std::vector<int32_t> text);

  absl::StatusOr<bool> Advance() override;

 private:
  // Adds the log-probability of `id` by logits_. DATA_LOSS if these are not finite.
  absl::Status Score(int32_t id);

  const std::shared_ptr<const LanguageModel> model_;
  std::vector<int32_t> symbols_;  // start and context, as a session reads a prompt, then the text
  int64_t unscored_ = 0;          // symbols before the text
  std::vector<float> state_;      // [layers][states][H]
  std::vector<float> logits_;     // [V], after everything that was read
  std::vector<uint8_t> allowed_;  // byte vocabularies: the bytes that can follow
  Utf8Machine utf8_;              // byte vocabularies: the character that the text is inside
  int64_t read_ = 0;              // symbols
};

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_SEQUENTIAL_SCORER_H_
