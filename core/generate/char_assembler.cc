#include "core/generate/char_assembler.h"

#include <algorithm>
#include <utility>

namespace runnel {
namespace {

constexpr int kAsciiBytes = 128;

}  // namespace

CharAssembler::CharAssembler(const Vocabulary* vocabulary, int alternatives)
    : vocabulary_(vocabulary), alternatives_(alternatives) {
  const bool all_are = !is_bytes() && vocabulary_->size() == vocabulary_->char_count();
  if (all_are) return;
  characters_.resize(vocabulary_->size());
  std::fill_n(characters_.begin(), is_bytes() ? kAsciiBytes : vocabulary_->char_count(), 1);
}

std::optional<CharLogprob> CharAssembler::Add(const Draw& draw, const Sampler& sampler) {
  next_.logprob += draw.logprob;
  const bool completes = !is_bytes() || utf8_.Advance(static_cast<uint8_t>(draw.id));
  NoteAlternatives(draw, sampler, completes);
  if (!completes) {
    partial_.push_back(static_cast<char>(draw.id));
    return std::nullopt;
  }
  partial_.clear();
  next_.character = is_bytes() ? utf8_.code_point() : vocabulary_->Symbol(draw.id);
  return std::exchange(next_, {});
}

void CharAssembler::Resume(const SessionState& state) {
  for (const char byte : state.partial) utf8_.Advance(static_cast<uint8_t>(byte));
  partial_ = state.partial;
  next_.logprob = state.partial_logprob;
}

void CharAssembler::NoteAlternatives(const Draw& drawn, const Sampler& sampler, bool completes) {
  if (alternatives_ < 1) return;
  std::vector<CharAlternative>& alternatives = next_.alternatives;
  if (partial_.empty()) {
    for (const Draw& draw : sampler.Likeliest(alternatives_, characters_)) {
      alternatives.push_back({vocabulary_->Symbol(draw.id), draw.logprob});
    }
    return;
  }
  if (!completes) return;
  // Any byte that could be drawn at this point would complete a character that starts with
  // partial_.
  const double before = next_.logprob - drawn.logprob;
  for (const Draw& draw : sampler.Likeliest(alternatives_, {})) {
    Utf8Machine utf8;
    for (const char byte : partial_) utf8.Advance(static_cast<uint8_t>(byte));
    utf8.Advance(static_cast<uint8_t>(draw.id));
    alternatives.push_back({utf8.code_point(), before + draw.logprob});
  }
  std::stable_sort(
      alternatives.begin(), alternatives.end(),
      [](const CharAlternative& a, const CharAlternative& b) { return a.logprob > b.logprob; });
  if (static_cast<int>(alternatives.size()) > alternatives_) alternatives.resize(alternatives_);
}

}  // namespace runnel
