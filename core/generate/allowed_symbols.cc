#include "core/generate/allowed_symbols.h"

#include <optional>
#include <utility>

namespace runnel {
namespace {

constexpr int kBytes = 256;

// Numbers the sets of bytes that can follow: between characters there is one, and inside a
// character the next byte's bounds decide, which are 80..BF, A0..BF, 90..BF, 80..9F or 80..8F.
int MaskOf(const Utf8Machine& utf8) {
  if (utf8.AtBoundary()) return 0;
  return 1 + utf8.Accepts(0x80) + 2 * utf8.Accepts(0x90) + 4 * utf8.Accepts(0xA0);
}

}  // namespace

AllowedSymbols::AllowedSymbols(const Vocabulary* vocabulary, std::shared_ptr<const Pattern> pattern)
    : vocabulary_(vocabulary), pattern_(std::move(pattern)) {
  if (pattern_ != nullptr) char_place_ = place_ = pattern_->Start();
  if (is_bytes()) {
    utf8_allowed_.resize(vocabulary_->size());
  } else if (vocabulary_->UnknownId()) {
    known_.assign(vocabulary_->size(), 1);
    known_[*vocabulary_->UnknownId()] = 0;
  }
}

void AllowedSymbols::UpdateUtf8Allowed(const Utf8Machine& utf8) {
  if (!is_bytes() || utf8_mask_ == MaskOf(utf8)) return;
  utf8_mask_ = MaskOf(utf8);
  for (int byte = 0; byte < kBytes; ++byte) {
    utf8_allowed_[byte] = utf8.Accepts(static_cast<uint8_t>(byte));
  }
  if (const auto end = vocabulary_->EndOfDocumentId()) utf8_allowed_[*end] = utf8.AtBoundary();
}

absl::Span<const uint8_t> AllowedSymbols::Next(const Utf8Machine& utf8) {
  UpdateUtf8Allowed(utf8);
  if (place_ == nullptr) return is_bytes() ? utf8_allowed_ : known_;
  const std::optional<int32_t> end = vocabulary_->EndOfDocumentId();
  if (!end) return place_->allowed;
  allowed_and_end_.assign(place_->allowed.begin(), place_->allowed.end());
  allowed_and_end_[*end] = place_->accepts && utf8.AtBoundary();
  return allowed_and_end_;
}

void AllowedSymbols::Take(int32_t symbol) {
  if (place_ != nullptr) place_ = pattern_->Next(*place_, symbol);
}

absl::Status AllowedSymbols::Resume(const SessionState& state) {
  if (pattern_ == nullptr) return absl::OkStatus();
  if (pattern_->fingerprint() == state.pattern_fingerprint) {
    auto place = pattern_->Restore(state.pattern_places, state.pattern_accepts);
    if (!place.ok()) return place.status();
    char_place_ = place_ = *std::move(place);
  }
  for (const char byte : state.partial) {
    const auto id = static_cast<uint8_t>(byte);
    if (place_->allowed[id] == 0) {
      return absl::InvalidArgumentError("is inside a character that this pattern does not allow");
    }
    place_ = pattern_->Next(*place_, id);
  }
  return absl::OkStatus();
}

void AllowedSymbols::Save(SessionState* state) const {
  if (pattern_ == nullptr) return;
  state->pattern_fingerprint = pattern_->fingerprint();
  state->pattern_places = char_place_->places;
  state->pattern_accepts = char_place_->accepts;
}

}  // namespace runnel
