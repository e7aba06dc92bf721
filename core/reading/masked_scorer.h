// Computes the pseudo-log-likelihood of a text under a bidirectional model at a bounded cost: the
// log-probability of each character given the others, except those that are hidden together with
// it.
//
// Character i is hidden together with the characters i +- 32, i +- 64, and so on. So 32 passes over
// the text hide each character once, whereas hiding one at a time would take a pass for each
// character. Up to 32 characters are scored exactly, each given all the others. Symbols outside the
// block's window (cloze_windows.h) are not read. The bytes of a character are hidden together, and
// their log-probabilities are added up.
#ifndef RUNNEL_CORE_READING_MASKED_SCORER_H_
#define RUNNEL_CORE_READING_MASKED_SCORER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/nn/language_model.h"
#include "core/reading/cloze_windows.h"
#include "core/reading/scorer.h"

namespace runnel {

// The distance between two characters that are hidden together is a multiple of this.
inline constexpr int32_t kMaskDistance = 32;

class MaskedScorer : public Scorer {
 public:
  // As for MakeScorer; the model must be bidirectional. The context is read and never hidden.
  MaskedScorer(std::shared_ptr<const LanguageModel> model, std::vector<int32_t> context,
               std::vector<int32_t> text);

  absl::StatusOr<bool> Advance() override;

 private:
  void BeginBlock();
  // Whether pass `pass` over this block hides a symbol.
  bool IsHidden(int64_t symbol, int32_t pass) const;
  // Takes the logits [T x B x V] of the passes from first_pass_ on. DATA_LOSS if those that are
  // needed are not finite.
  absl::Status TakeLogits(const float* logits, int lanes);

  const std::shared_ptr<const LanguageModel> model_;
  std::vector<int32_t> char_indices_;  // of the text's symbols
  std::vector<int32_t> symbols_;       // context, then text, surrounded
  int64_t text_begin_;                 // of the symbols
  int64_t text_end_;
  std::vector<int32_t> inputs_;  // [T x B]
  int64_t block_ = 0;
  ClozeWindow window_;      // of the block
  int32_t first_char_ = 0;  // the character that pass 0 hides
  int32_t passes_ = 0;      // the number of passes for this block
  int32_t first_pass_ = 0;  // the first pass that has not run yet
};

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_MASKED_SCORER_H_
