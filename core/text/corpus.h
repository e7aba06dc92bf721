// A training text as ids of 1, 2 or 4 bytes a symbol, the smallest that can hold the vocabulary.
//
// A corpus of documents begins with the end-of-document symbol, and each document ends with one, so
// a model reads the same symbol before the first character of every document. Empty documents are
// left out.
//
// Immutable once loaded, so it may be shared between threads.
#ifndef RUNNEL_CORE_TEXT_CORPUS_H_
#define RUNNEL_CORE_TEXT_CORPUS_H_

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/text/text_source.h"
#include "core/text/vocabulary.h"

namespace runnel {

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

class Corpus {
 public:
  // Called between the two readings, to ask whether the ids may take so many bytes.
  using Reserve = absl::FunctionRef<absl::Status(int64_t bytes)>;
  static absl::Status AnySize(int64_t /*bytes*/) { return absl::OkStatus(); }

  // Reads `source` twice and never holds its text. `rules` must be valid. INVALID_ARGUMENT if the
  // text is empty, has a single distinct character or none that is frequent enough, is not valid
  // UTF-8, or has so many NULs that it is UTF-16 (unless its symbols are bytes); ABORTED if the
  // second reading has another length or other characters; errors of the source and of `reserve`.
  static absl::StatusOr<Corpus> Load(const TextSource& source, const VocabularyRules& rules,
                                     Reserve reserve = AnySize);
  static absl::StatusOr<Corpus> Load(const TextSource& source, VocabularyKind kind) {
    return Load(source, VocabularyRules{.kind = kind});
  }
  // Like the other Load, but the vocabulary is `base` extended by the characters of the text, under
  // the rules of `base`.
  static absl::StatusOr<Corpus> Load(const TextSource& source, const Vocabulary& base,
                                     Reserve reserve = AnySize);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  // The number of symbols: characters, or bytes if the vocabulary is one of bytes, and ends of
  // documents.
  int64_t size() const { return size_; }
  // The number of Unicode code points in the text, including the separators of documents.
  int64_t chars() const { return chars_; }
  // The number of distinct characters or bytes that occur, however rarely. A byte vocabulary has
  // all 256 bytes whatever occurs.
  int distinct() const { return distinct_; }
  // Byte order marks (U+FEFF) at the beginning of the text and of its documents. They tell how a
  // file is encoded and are no characters of the text, so they are left out and counted only here.
  int64_t byte_order_marks() const { return byte_order_marks_; }

  // Copies the ids at begin, begin + 1, ... to ids[0], ids[stride], ...
  void CopyIds(int64_t begin, int64_t count, int64_t stride, int32_t* ids) const;

  // Like SplitCorpus, but the held-out part begins at a document if that makes it shorter by at
  // most half.
  CorpusSplit Split(double validation_fraction) const;

 private:
  static absl::StatusOr<Corpus> Load(const TextSource& source, const VocabularyRules& rules,
                                     const Vocabulary* base, Reserve reserve);

  using Ids = std::variant<std::vector<uint8_t>, std::vector<uint16_t>, std::vector<uint32_t>>;

  Vocabulary vocabulary_;
  int64_t size_ = 0;
  int64_t chars_ = 0;
  int distinct_ = 0;
  int64_t byte_order_marks_ = 0;
  Ids ids_;
};

// Keeps the last `validation_fraction` (0..1) of `size` symbols for validation, rounded down.
CorpusSplit SplitCorpus(int64_t size, double validation_fraction);

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_CORPUS_H_
