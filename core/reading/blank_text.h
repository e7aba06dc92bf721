// A text with blanks, as a bidirectional model reads it.
#ifndef RUNNEL_CORE_READING_BLANK_TEXT_H_
#define RUNNEL_CORE_READING_BLANK_TEXT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/text/vocabulary.h"

namespace runnel {

struct BlankText {
  std::vector<int32_t> ids;        // kMaskedId where a blank is
  std::vector<int64_t> positions;  // of the blanks, in characters
};

// `blank` is one character, which may be one that the vocabulary lacks. INVALID_ARGUMENT as
// Vocabulary::Encode for the other characters.
absl::StatusOr<BlankText> EncodeBlankText(const Vocabulary& vocabulary, absl::string_view text,
                                          absl::string_view blank);

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_BLANK_TEXT_H_
