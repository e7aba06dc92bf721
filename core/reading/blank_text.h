// Reads a text with blanks for a bidirectional model.
#ifndef RUNNEL_CORE_READING_BLANK_TEXT_H_
#define RUNNEL_CORE_READING_BLANK_TEXT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/text/vocabulary.h"

namespace runnel {

struct BlankText {
  std::vector<int32_t> ids;        // kMaskedId for a blank
  std::vector<int64_t> positions;  // of the blanks, in characters
};

// Encodes `text`, in which every `blank` becomes a blank. That must be one character, which need
// not be in the vocabulary. INVALID_ARGUMENT as for Vocabulary::Encode for the other characters.
absl::StatusOr<BlankText> EncodeBlankText(const Vocabulary& vocabulary, absl::string_view text,
                                          absl::string_view blank);

}  // namespace runnel

#endif  // RUNNEL_CORE_READING_BLANK_TEXT_H_
