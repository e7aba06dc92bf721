#include "core/reading/scorer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/reading/log_probability.h"
#include "core/reading/masked_scorer.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

// Few enough that a cancelled request is noticed soon, whatever the model's size.
constexpr int64_t kSymbolsAtOnce = 16;

// One pass from the left. Each symbol is judged by the distribution that a session would draw it
// from: of a model of bytes, those bytes alone that can go on a valid UTF-8 text. But the unknown
// symbol, which a session never draws, is among them: a text may have it.
class SequentialScorer : public Scorer {
 public:
  SequentialScorer(std::shared_ptr<const LanguageModel> model, std::vector<int32_t> context,
                   std::vector<int32_t> text)
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

  bool Advance() override {
    const auto size = static_cast<int64_t>(symbols_.size());
    // Nothing is judged by what all but the last of these lead to.
    const int64_t ahead = std::min(kSymbolsAtOnce, unscored_ - 1 - read_);
    if (ahead > 0) {
      model_->decoder->Read(absl::MakeConstSpan(symbols_).subspan(read_, ahead), state_.data(),
                            &scratch_);
      read_ += ahead;
      return false;
    }
    for (int64_t i = 0; i < kSymbolsAtOnce && read_ + 1 < size; ++i) {
      float* state = state_.data();
      model_->decoder->Step({&symbols_[read_++], 1}, {&state, 1}, logits_.data(), &scratch_);
      Score(symbols_[read_]);
    }
    return read_ + 1 == size;
  }

 private:
  void Score(int32_t id) {
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
  }

  const std::shared_ptr<const LanguageModel> model_;
  std::vector<int32_t> symbols_;  // start and context, as a session reads a prompt, then text
  int64_t unscored_ = 0;          // symbols before the text
  std::vector<float> state_;      // [layers][states][H]
  std::vector<float> logits_;     // [V], after everything read
  DecodeScratch<float> scratch_;
  std::vector<uint8_t> allowed_;  // byte vocabularies: which bytes can follow
  Utf8Machine utf8_;              // byte vocabularies: inside which character the text stands
  int64_t read_ = 0;              // symbols
};

}  // namespace

std::unique_ptr<Scorer> MakeScorer(std::shared_ptr<const LanguageModel> model,
                                   std::vector<int32_t> context, std::vector<int32_t> text) {
  if (model->cloze != nullptr) {
    return std::make_unique<MaskedScorer>(std::move(model), std::move(context), std::move(text));
  }
  return std::make_unique<SequentialScorer>(std::move(model), std::move(context), std::move(text));
}

std::vector<int32_t> CharIndices(const Vocabulary& vocabulary, const std::vector<int32_t>& text) {
  std::vector<int32_t> indices(text.size());
  int32_t index = -1;
  for (size_t i = 0; i < text.size(); ++i) {
    constexpr int32_t kContinuationBits = 0xC0;
    constexpr int32_t kContinuation = 0x80;
    const bool goes_on = vocabulary.kind() == VocabularyKind::kBytes &&
                         (text[i] & kContinuationBits) == kContinuation;
    if (!goes_on) ++index;
    indices[i] = index;
  }
  return indices;
}

}  // namespace runnel
