#include "core/reading/blank_filler.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/nn/finite_logits.h"
#include "core/reading/log_probability.h"

namespace runnel {
namespace {

constexpr size_t kOneByteChars = 128;

}  // namespace

BlankFiller::BlankFiller(std::shared_ptr<const LanguageModel> model, std::vector<int32_t> text,
                         int candidates)
    : model_(std::move(model)),
      candidates_max_(candidates),
      text_(std::move(text)),
      surround_(Surround(model_->vocabulary, &text_)) {
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] != kMaskedId) continue;
    blanks_.push_back({.symbol = static_cast<int64_t>(i)});
    const int64_t block = BlockOf(blanks_.back());
    if (blocks_to_read_.empty() || blocks_to_read_.back() != block) {
      blocks_to_read_.push_back(block);
    }
  }
  candidates_.resize(blanks_.size());
  blanks_left_ = blanks_.size();
}

absl::StatusOr<bool> BlankFiller::Advance() {
  if (!blocks_to_read_.empty()) {
    const absl::Status status = ReadBlock(blocks_to_read_.back());
    if (!status.ok()) return status;
    blocks_to_read_.pop_back();
    return false;
  }
  FillSurest();
  if (blanks_left_ > 0) return false;
  text_.erase(text_.begin(), text_.begin() + surround_);
  text_.resize(text_.size() - surround_);
  return true;
}

int64_t BlankFiller::BlockOf(const Blank& blank) const {
  return (blank.symbol - surround_) / kClozeBlock;
}

ClozeWindow BlankFiller::WindowOf(int64_t block) const {
  const auto size = static_cast<int64_t>(text_.size());
  return WindowOfBlock(block, surround_, size - surround_, size);
}

absl::Status BlankFiller::ReadBlock(int64_t block) {
  const ClozeWindow window = WindowOf(block);
  const auto read = model_->cloze->Read(text_.data() + window.begin,
                                        static_cast<int>(window.steps()), /*lanes=*/1);
  for (size_t i = 0; i < blanks_.size(); ++i) {
    Blank& blank = blanks_[i];
    if (blank.filled || blank.symbol < window.block_begin || blank.symbol >= window.block_end) {
      continue;
    }
    const float* logits =
        read->logits() + (blank.symbol - window.begin) * model_->vocabulary.size();
    const auto size = static_cast<size_t>(model_->vocabulary.size());
    if (absl::Status status = CheckFinite({logits, size}); !status.ok()) return status;
    if (candidates_[i].empty()) {  // read for the first time, with all blanks hidden
      candidates_[i] = Rank(logits, candidates_max_);
      blank.best = candidates_[i].front();
    } else {
      blank.best = Rank(logits, 1).front();
    }
  }
  return absl::OkStatus();
}

std::vector<BlankCandidate> BlankFiller::Rank(const float* logits, size_t count) const {
  const auto vocabulary = static_cast<size_t>(model_->vocabulary.char_count());
  const size_t possible = model_->vocabulary.kind() == VocabularyKind::kBytes
                              ? std::min(kOneByteChars, vocabulary)
                              : vocabulary;
  std::vector<int32_t> ids(possible);
  std::iota(ids.begin(), ids.end(), 0);
  count = std::min(count, possible);
  std::partial_sort(ids.begin(), ids.begin() + static_cast<int64_t>(count), ids.end(),
                    [logits](int32_t a, int32_t b) {
                      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
                    });
  const double log_sum = LogSumExp({logits, possible});
  std::vector<BlankCandidate> ranked(count);
  for (size_t i = 0; i < count; ++i) {
    ranked[i] = {.id = ids[i], .logprob = logits[ids[i]] - log_sum};
  }
  return ranked;
}

void BlankFiller::FillSurest() {
  Blank* surest = nullptr;
  for (Blank& blank : blanks_) {
    if (blank.filled) continue;
    if (surest == nullptr || blank.best.logprob > surest->best.logprob) surest = &blank;
  }
  surest->filled = true;
  text_[surest->symbol] = surest->best.id;
  --blanks_left_;
  for (const Blank& blank : blanks_) {
    if (blank.filled) continue;
    const int64_t block = BlockOf(blank);
    if (!WindowOf(block).Sees(surest->symbol)) continue;
    if (blocks_to_read_.empty() || blocks_to_read_.back() != block) {
      blocks_to_read_.push_back(block);
    }
  }
}

}  // namespace runnel
