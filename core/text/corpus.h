// A training text as ids: 1, 2 or 4 bytes a character, whichever holds the vocabulary.
//
// Immutable once loaded, so it may be shared between threads.
#ifndef RUNNEL_CORE_TEXT_CORPUS_H_
#define RUNNEL_CORE_TEXT_CORPUS_H_

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/text/text_source.h"
#include "core/text/vocabulary.h"

namespace runnel {

class Corpus {
 public:
  // Reads `source` twice and never holds its text. INVALID_ARGUMENT if the text is empty, has a
  // single distinct character, or is not valid UTF-8; ABORTED if the second reading has
  // another length or other characters; errors of the source.
  static absl::StatusOr<Corpus> Load(const TextSource& source, VocabularyKind kind);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  // Symbols: characters, or bytes where the vocabulary is of bytes.
  int64_t size() const { return size_; }
  // Unicode code points.
  int64_t chars() const { return chars_; }
  // Distinct symbols that occur; a byte vocabulary holds all 256 whatever occurs.
  int distinct() const { return distinct_; }

  // Copies the ids at begin, begin + 1, ... to ids[0], ids[stride], ...
  void CopyIds(int64_t begin, int64_t count, int64_t stride, int32_t* ids) const;

 private:
  using Ids = std::variant<std::vector<uint8_t>, std::vector<uint16_t>, std::vector<uint32_t>>;

  Vocabulary vocabulary_;
  int64_t size_ = 0;
  int64_t chars_ = 0;
  int distinct_ = 0;
  Ids ids_;
};

// A half-open range of a corpus, in symbols.
struct CorpusRange {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
};

struct CorpusSplit {
  CorpusRange training;
  CorpusRange validation;  // may be empty
};

// Keeps the last `validation_fraction` (0..1) of `size` symbols for validation, rounded down.
CorpusSplit SplitCorpus(int64_t size, double validation_fraction);

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_CORPUS_H_
