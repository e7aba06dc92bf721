#include "core/text/vocabulary.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

constexpr size_t kUnknownCharsListed = 10;

// Collects the distinct characters that are not in the vocabulary, for an error to list.
class UnknownChars {
 public:
  void Add(char32_t c) {
    if (std::find(listed_.begin(), listed_.end(), c) != listed_.end()) return;
    if (listed_.size() < kUnknownCharsListed) {
      listed_.push_back(c);
    } else {
      more_ = true;
    }
  }
  bool empty() const { return listed_.empty(); }
  absl::Status ToStatus() const {
    const std::string list = absl::StrJoin(
        listed_, ", ", [](std::string* out, char32_t c) { absl::StrAppend(out, DescribeChar(c)); });
    return absl::InvalidArgumentError(
        absl::StrCat("has characters the model never saw: ", list, more_ ? " and more" : ""));
  }

 private:
  std::vector<char32_t> listed_;
  bool more_ = false;
};

}  // namespace

Vocabulary Vocabulary::Bytes() {
  std::vector<char32_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), 0);
  return Vocabulary(VocabularyKind::kBytes, std::move(bytes));
}

absl::StatusOr<Vocabulary> Vocabulary::FromCodePoints(std::vector<char32_t> code_points) {
  if (code_points.empty()) return absl::InvalidArgumentError("a vocabulary needs a character");
  for (size_t i = 0; i < code_points.size(); ++i) {
    if (!IsScalarValue(code_points[i])) {
      return absl::InvalidArgumentError(absl::StrCat("character ", i, " of the vocabulary is 0x",
                                                     absl::Hex(code_points[i]),
                                                     ", which is no Unicode character"));
    }
    if (i > 0 && code_points[i] <= code_points[i - 1]) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the vocabulary must ascend in code-point order: ", DescribeChar(code_points[i]),
          " comes after ", DescribeChar(code_points[i - 1])));
    }
  }
  return Vocabulary(VocabularyKind::kCodePoints, std::move(code_points));
}

Vocabulary Vocabulary::With(const VocabularyRules& rules) const {
  Vocabulary vocabulary = *this;
  vocabulary.rules_ = rules;
  return vocabulary;
}

std::optional<int32_t> Vocabulary::Find(char32_t symbol) const {
  const auto found = std::lower_bound(symbols_.begin(), symbols_.end(), symbol);
  if (found == symbols_.end() || *found != symbol) return std::nullopt;
  return static_cast<int32_t>(found - symbols_.begin());
}

int32_t Vocabulary::LowerBound(char32_t symbol) const {
  return static_cast<int32_t>(std::lower_bound(symbols_.begin(), symbols_.end(), symbol) -
                              symbols_.begin());
}

void Vocabulary::AppendText(int32_t id, std::string* text) const {
  if (id >= char_count()) return;
  if (kind() == VocabularyKind::kBytes) {
    text->push_back(static_cast<char>(id));
  } else {
    AppendUtf8(symbols_[id], text);
  }
}

absl::StatusOr<Vocabulary::Encoded> Vocabulary::Encode(absl::string_view text,
                                                       Unknown unknown) const {
  Encoded encoded;
  encoded.ids.reserve(text.size());
  UnknownChars unknown_chars;
  Utf8Decoder decoder;
  absl::Status status = decoder.Decode(text, [&](char32_t c) {
    if (kind() == VocabularyKind::kBytes) {
      ++encoded.chars;
      return;
    }
    std::optional<int32_t> id = Find(c);
    if (!id && unknown == Unknown::kIsError) id = UnknownId();
    if (id) {
      encoded.ids.push_back(*id);
      ++encoded.chars;
    } else {
      unknown_chars.Add(c);
    }
  });
  if (status.ok()) status = decoder.Finish();
  if (!status.ok()) return status;
  if (kind() == VocabularyKind::kBytes) {
    for (const char c : text) encoded.ids.push_back(static_cast<uint8_t>(c));
  }
  if (unknown == Unknown::kIsError && !unknown_chars.empty()) return unknown_chars.ToStatus();
  return encoded;
}

}  // namespace runnel
