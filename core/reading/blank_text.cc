#include "core/reading/blank_text.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "core/nn/batch.h"
#include "core/text/utf8.h"

namespace runnel {

absl::StatusOr<BlankText> EncodeBlankText(const Vocabulary& vocabulary, absl::string_view text,
                                          absl::string_view blank) {
  const auto marker = DecodeUtf8(blank);
  if (!marker.ok()) return marker.status();
  const auto chars = DecodeUtf8(text);
  if (!chars.ok()) return chars.status();
  // No character of UTF-8 occurs inside another, so this removes only whole characters.
  const auto rest =
      vocabulary.Encode(absl::StrReplaceAll(text, {{blank, ""}}), Vocabulary::Unknown::kIsError);
  if (!rest.ok()) return rest.status();

  BlankText result;
  size_t next = 0;  // of rest
  for (size_t i = 0; i < chars->size(); ++i) {
    if ((*chars)[i] == marker->front()) {
      result.ids.push_back(kMaskedId);
      result.positions.push_back(static_cast<int64_t>(i));
      continue;
    }
    std::string bytes;
    if (vocabulary.kind() == VocabularyKind::kBytes) AppendUtf8((*chars)[i], &bytes);
    const size_t symbols = bytes.empty() ? 1 : bytes.size();
    result.ids.insert(result.ids.end(), rest->ids.begin() + static_cast<int64_t>(next),
                      rest->ids.begin() + static_cast<int64_t>(next + symbols));
    next += symbols;
  }
  return result;
}

}  // namespace runnel
