// The characters a model knows, each with an id: code points in code-point order, or the 256 bytes.
//
// Immutable once made, so it may be shared between threads.
#ifndef RUNNEL_CORE_TEXT_VOCABULARY_H_
#define RUNNEL_CORE_TEXT_VOCABULARY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

enum class VocabularyKind { kCodePoints, kBytes };

class Vocabulary {
 public:
  // An empty vocabulary of code points; a placeholder to assign to.
  Vocabulary() = default;
  static Vocabulary Bytes();
  // INVALID_ARGUMENT unless `code_points` is not empty, strictly ascending and holds Unicode scalar
  // values alone.
  static absl::StatusOr<Vocabulary> FromCodePoints(std::vector<char32_t> code_points);

  VocabularyKind kind() const { return kind_; }
  int size() const { return static_cast<int>(symbols_.size()); }

  // The id of a code point (kCodePoints) or of a byte value (kBytes); none if the vocabulary lacks
  // it.
  std::optional<int32_t> Find(char32_t symbol) const;
  // The first id whose symbol is not below `symbol`; size() if there is none.
  int32_t LowerBound(char32_t symbol) const;
  // The code point or byte value of an id in [0, size).
  char32_t Symbol(int32_t id) const { return symbols_[id]; }
  // Appends the text of `id`: one character, or one byte of one.
  void AppendText(int32_t id, std::string* text) const;

  // What a model reads before a text that nothing precedes: the line break if the vocabulary has
  // it, else id 0.
  int32_t StartId() const { return Find(U'\n').value_or(0); }

  enum class Unknown { kIsError, kIsSkipped };
  struct Encoded {
    std::vector<int32_t> ids;
    int64_t chars = 0;  // code points encoded; fewer than ids for bytes
  };
  // The ids of a text. INVALID_ARGUMENT for invalid UTF-8, and for characters outside the
  // vocabulary, which the message lists (the first 10 distinct ones), unless they are skipped.
  absl::StatusOr<Encoded> Encode(absl::string_view text, Unknown unknown) const;

  friend bool operator==(const Vocabulary&, const Vocabulary&) = default;

 private:
  Vocabulary(VocabularyKind kind, std::vector<char32_t> symbols)
      : kind_(kind), symbols_(std::move(symbols)) {}

  VocabularyKind kind_ = VocabularyKind::kCodePoints;
  std::vector<char32_t> symbols_;  // ascending; the index is the id
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_VOCABULARY_H_
