#include "core/reading/sequential_scorer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/nn/finite_logits.h"
#include "core/reading/log_probability.h"

namespace runnel {
namespace {

// Few enough that a cancelled request is noticed soon, even with a large model.
constexpr int64_t kSymbolsAtOnce = 16;

}  // namespace

SequentialScorer::SequentialScorer(std::shared_ptr<const LanguageModel> model,
                                   std::vector<int32_t> context, std::vector<int32_t> text)
    : model_(std::move(model)),
      symbols_(std::move(context)),
      state_(model_->decoder->state_size()),
      logits_(model_->vocabulary.size()) {
  const Vocabulary& vocabulary = model_->vocabulary;
  if (symbols_.empty() || vocabulary.EndOfDocumentId()) {
    symbols_.insert(symbols_.begin(), vocabulary.StartId());
  }
  unscored_ = static_cast<int64_t>(symbols_.size());
  symbols_.insert(symbols_.end(), text.begin(), text.end());
  if (model_->vocabulary.kind() == VocabularyKind::kBytes) allowed_.resize(logits_.size());
  char_logprobs_.reserve(text.size());
}

absl::StatusOr<bool> SequentialScorer::Advance() {
  // The thread's, because it is larger than a scorer and holds nothing between two calls.
  thread_local DecodeScratch<float> scratch;
  const auto size = static_cast<int64_t>(symbols_.size());
  // The first `unscored_` symbols are context: only the prediction after the last of them is
  // scored, so the others are read in bulk, without computing predictions.
  const int64_t ahead = std::min(kSymbolsAtOnce, unscored_ - 1 - read_);
  if (ahead > 0) {
    model_->decoder->Read(absl::MakeConstSpan(symbols_).subspan(read_, ahead), state_.data(),
                          &scratch);
    read_ += ahead;
    return false;
  }
  for (int64_t i = 0; i < kSymbolsAtOnce && read_ + 1 < size; ++i) {
    float* state = state_.data();
    model_->decoder->Step({&symbols_[read_++], 1}, {&state, 1}, logits_.data(), &scratch);
    if (absl::Status status = Score(symbols_[read_]); !status.ok()) return status;
  }
  return read_ + 1 == size;
}

absl::Status SequentialScorer::Score(int32_t id) {
  if (absl::Status status = CheckFinite(logits_); !status.ok()) return status;
  const bool begins_char = utf8_.AtBoundary();
  for (int byte = 0; byte < model_->vocabulary.char_count() && !allowed_.empty(); ++byte) {
    allowed_[byte] = utf8_.Accepts(static_cast<uint8_t>(byte));
  }
  const std::optional<int32_t> end = model_->vocabulary.EndOfDocumentId();
  if (end && !allowed_.empty()) allowed_[*end] = utf8_.AtBoundary();
  const double logprob = logits_[id] - LogSumExp(logits_, allowed_);
  if (!allowed_.empty()) utf8_.Advance(static_cast<uint8_t>(id));
  if (begins_char) {
    char_logprobs_.push_back(logprob);
  } else {
    char_logprobs_.back() += logprob;
  }
  return absl::OkStatus();
}

}  // namespace runnel
