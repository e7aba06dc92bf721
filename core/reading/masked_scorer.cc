#include "core/reading/masked_scorer.h"

#include <algorithm>
#include <utility>

#include "core/nn/finite_logits.h"
#include "core/reading/char_indices.h"
#include "core/reading/log_probability.h"

namespace runnel {

MaskedScorer::MaskedScorer(std::shared_ptr<const LanguageModel> model, std::vector<int32_t> context,
                           std::vector<int32_t> text)
    : model_(std::move(model)),
      char_indices_(CharIndices(model_->vocabulary, text)),
      symbols_(std::move(context)) {
  symbols_.insert(symbols_.end(), text.begin(), text.end());
  const int64_t around = Surround(model_->vocabulary, &symbols_);
  text_end_ = static_cast<int64_t>(symbols_.size()) - around;
  text_begin_ = text_end_ - static_cast<int64_t>(text.size());
  char_logprobs_.resize(char_indices_.back() + 1);
  BeginBlock();
}

void MaskedScorer::BeginBlock() {
  window_ = WindowOfBlock(block_, text_begin_, text_end_, static_cast<int64_t>(symbols_.size()));
  first_char_ = char_indices_[window_.block_begin - text_begin_];
  const int32_t last_char = char_indices_[window_.block_end - 1 - text_begin_];
  passes_ = std::min(kMaskDistance, last_char - first_char_ + 1);
  first_pass_ = 0;
}

bool MaskedScorer::IsHidden(int64_t symbol, int32_t pass) const {
  if (symbol < text_begin_ || symbol >= text_end_) return false;
  return (char_indices_[symbol - text_begin_] - first_char_ - pass) % kMaskDistance == 0;
}

absl::StatusOr<bool> MaskedScorer::Advance() {
  const int64_t steps = window_.steps();
  const int lanes = std::min(model_->cloze->LanesAtOnce(steps), passes_ - first_pass_);
  inputs_.resize(steps * lanes);
  for (int64_t t = 0; t < steps; ++t) {
    for (int lane = 0; lane < lanes; ++lane) {
      const int64_t symbol = window_.begin + t;
      inputs_[t * lanes + lane] =
          IsHidden(symbol, first_pass_ + lane) ? kMaskedId : symbols_[symbol];
    }
  }
  const auto read = model_->cloze->Read(inputs_.data(), static_cast<int>(steps), lanes);
  if (absl::Status status = TakeLogits(read->logits(), lanes); !status.ok()) return status;
  first_pass_ += lanes;
  if (first_pass_ < passes_) return false;
  ++block_;
  if (block_ == ClozeBlocks(text_begin_, text_end_)) return true;
  BeginBlock();
  return false;
}

absl::Status MaskedScorer::TakeLogits(const float* logits, int lanes) {
  const auto vocabulary = static_cast<size_t>(model_->vocabulary.size());
  for (int64_t symbol = window_.block_begin; symbol < window_.block_end; ++symbol) {
    for (int lane = 0; lane < lanes; ++lane) {
      if (!IsHidden(symbol, first_pass_ + lane)) continue;
      const int64_t row = (symbol - window_.begin) * lanes + lane;
      const absl::Span<const float> of_symbol(logits + row * vocabulary, vocabulary);
      if (absl::Status status = CheckFinite(of_symbol); !status.ok()) return status;
      char_logprobs_[char_indices_[symbol - text_begin_]] +=
          of_symbol[symbols_[symbol]] - LogSumExp(of_symbol);
    }
  }
  return absl::OkStatus();
}

}  // namespace runnel
