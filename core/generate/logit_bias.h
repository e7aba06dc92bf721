// Changes of characters' logits: biases that a request chose, and the penalty on characters that
// occurred recently.
//
// Both belong to characters. In a byte vocabulary, a character of several bytes gets its offset at
// the byte that completes it, where it competes with the other characters that have the same first
// bytes.
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

// A bias of this many nats or less forbids the character.
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

// Returns the id that completes `character` after its first bytes `partial`; none if no single id
// does. For a vocabulary of code points `partial` must be empty.
std::optional<int32_t> CompletingId(const Vocabulary& vocabulary, absl::string_view partial,
                                    char32_t character);

// The offsets of `entries`, by the `partial` after which they apply (see CompletingId).
using OffsetsByPartial = std::map<std::string, std::vector<LogitOffset>>;
OffsetsByPartial OffsetsOf(const std::vector<LogitBias::Entry>& entries,
                           const Vocabulary& vocabulary);

// The characters that were read or written last.
class RecentChars {
 public:
  static constexpr int kMax = 64;

  void Add(char32_t character);
  // Adds the characters of a text given by its symbols; only the last kMax matter.
  void AddText(const Vocabulary& vocabulary, absl::Span<const int32_t> symbols);
  // Returns them, the oldest first.
  std::vector<char32_t> List() const;
  // Appends an offset of `nats` for each distinct character among them that an id completes after
  // `partial`.
  void AppendOffsets(const Vocabulary& vocabulary, absl::string_view partial, double nats,
                     std::vector<LogitOffset>* offsets) const;

 private:
  struct Counted {
    char32_t character;
    int times;
  };

  std::array<char32_t, kMax> ring_ = {};
  int size_ = 0;
  int next_ = 0;  // index of the next one, which replaces the oldest once the ring is full
  std::vector<Counted> distinct_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_LOGIT_BIAS_H_
