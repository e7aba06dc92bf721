// What is added to characters' logits: chosen biases, and the penalty of those that occurred
// lately.
//
// Both are about characters. In a byte vocabulary a character of several bytes is weighed at the
// byte that completes it, against the others that complete one there.
#ifndef RUNNEL_CORE_GENERATE_LOGIT_BIAS_H_
#define RUNNEL_CORE_GENERATE_LOGIT_BIAS_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/generate/sampler.h"
#include "core/pattern/code_point_set.h"
#include "core/text/vocabulary.h"

namespace runnel {

// At and below this, in nats, a character is forbidden.
inline constexpr float kForbiddingBias = -100;
inline constexpr int kLogitBiasMax = 4096;  // characters

struct LogitBias {
  struct Entry {
    char32_t character;
    float nats;  // finite, above kForbiddingBias
  };
  std::vector<Entry> entries;
  CodePointSet forbidden;
};

// The id that completes `character` when `partial` of its bytes are written; none if there is none.
// For a vocabulary of code points `partial` is empty.
std::optional<int32_t> CompletingId(const Vocabulary& vocabulary, absl::string_view partial,
                                    char32_t character);

// The offsets of `entries`, by what CompletingId calls `partial`.
using OffsetsByPartial = std::map<std::string, std::vector<LogitOffset>>;
OffsetsByPartial OffsetsOf(const std::vector<LogitBias::Entry>& entries,
                           const Vocabulary& vocabulary);

// The last characters read or written.
class RecentChars {
 public:
  static constexpr int kMax = 64;

  void Add(char32_t character);
  // Adds the characters of a text given by its symbols; only the last kMax matter.
  void AddText(const Vocabulary& vocabulary, absl::Span<const int32_t> symbols);
  // Oldest first.
  std::vector<char32_t> List() const;
  // Adds `nats` for each distinct one of them.
  void AppendOffsets(const Vocabulary& vocabulary, absl::string_view partial, double nats,
                     std::vector<LogitOffset>* offsets) const;

 private:
  struct Counted {
    char32_t character;
    int times;
  };

  std::array<char32_t, kMax> ring_ = {};
  int size_ = 0;
  int next_ = 0;  // where the next one goes; once full, that is the oldest
  std::vector<Counted> distinct_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_LOGIT_BIAS_H_
