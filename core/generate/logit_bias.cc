#include "core/generate/logit_bias.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "core/text/utf8.h"

namespace runnel {

std::optional<int32_t> CompletingId(const Vocabulary& vocabulary, absl::string_view partial,
                                    char32_t character) {
  if (vocabulary.kind() == VocabularyKind::kCodePoints) return vocabulary.Find(character);
  std::string bytes;
  AppendUtf8(character, &bytes);
  if (bytes.size() != partial.size() + 1 || !absl::StartsWith(bytes, partial)) return std::nullopt;
  return static_cast<uint8_t>(bytes.back());
}

OffsetsByPartial OffsetsOf(const std::vector<LogitBias::Entry>& entries,
                           const Vocabulary& vocabulary) {
  OffsetsByPartial offsets;
  for (const LogitBias::Entry& entry : entries) {
    std::string partial;
    if (vocabulary.kind() == VocabularyKind::kBytes) {
      AppendUtf8(entry.character, &partial);
      partial.pop_back();
    }
    if (const auto id = CompletingId(vocabulary, partial, entry.character)) {
      offsets[partial].push_back({*id, entry.nats});
    }
  }
  return offsets;
}

void RecentChars::Add(char32_t character) {
  const auto find = [this](char32_t c) {
    return std::find_if(distinct_.begin(), distinct_.end(),
                        [c](const Counted& counted) { return counted.character == c; });
  };
  if (size_ == kMax) {
    const auto oldest = find(ring_[next_]);
    if (--oldest->times == 0) distinct_.erase(oldest);
  } else {
    ++size_;
  }
  ring_[next_] = character;
  next_ = (next_ + 1) % kMax;
  if (const auto found = find(character); found != distinct_.end()) {
    ++found->times;
  } else {
    distinct_.push_back({character, 1});
  }
}

void RecentChars::AddText(const Vocabulary& vocabulary, absl::Span<const int32_t> symbols) {
  if (vocabulary.kind() == VocabularyKind::kCodePoints) {
    for (const int32_t id : symbols.last(std::min<size_t>(symbols.size(), kMax))) {
      const char32_t character = vocabulary.Symbol(id);
      if (character != Vocabulary::kNoCharacter) Add(character);
    }
    return;
  }
  constexpr size_t kCharBytesMax = 4;
  symbols = symbols.last(std::min(symbols.size(), kMax * kCharBytesMax));
  Utf8Machine utf8;
  for (const int32_t id : symbols) {
    const auto byte = static_cast<uint8_t>(id);
    if (!utf8.Accepts(byte)) continue;  // the rest of a character that begins before these symbols
    if (utf8.Advance(byte)) Add(utf8.code_point());
  }
}

std::vector<char32_t> RecentChars::List() const {
  std::vector<char32_t> list;
  list.reserve(size_);
  for (int i = 0; i < size_; ++i) list.push_back(ring_[(next_ - size_ + i + kMax) % kMax]);
  return list;
}

void RecentChars::AppendOffsets(const Vocabulary& vocabulary, absl::string_view partial,
                                double nats, std::vector<LogitOffset>* offsets) const {
  for (const Counted& counted : distinct_) {
    if (const auto id = CompletingId(vocabulary, partial, counted.character)) {
      offsets->push_back({*id, nats});
    }
  }
}

}  // namespace runnel
