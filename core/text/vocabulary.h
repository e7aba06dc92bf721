// The symbols that a model knows, each with an id. First come its characters, which are either code
// points in code-point order or the 256 bytes. Then come two symbols that are no characters, if the
// vocabulary's rules have them: the end of a document, and the unknown symbol, which takes the
// place of every rare character.
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
#include "core/base/enum_table.h"

namespace runnel {

enum class VocabularyKind { kCodePoints, kBytes };

inline constexpr EnumTable<VocabularyKind, 2> kVocabularyKinds(
    {{VocabularyKind::kCodePoints, "code_points"}, {VocabularyKind::kBytes, "bytes"}});

struct VocabularyRules {
  static constexpr int kSeparatorBytesMax = 256;

  VocabularyKind kind = VocabularyKind::kCodePoints;
  // Code points that occur less often in the corpus share the unknown symbol. 1: there is none.
  int min_char_count = 1;
  // The valid UTF-8 that separates the documents of a corpus. Empty: the corpus is one text without
  // an end.
  std::string document_separator;

  friend bool operator==(const VocabularyRules&, const VocabularyRules&) = default;
};

class Vocabulary {
 public:
  // The value of `Symbol` for a symbol that is no character.
  static constexpr char32_t kNoCharacter = 0xFFFF'FFFF;

  // An empty vocabulary of code points; a placeholder to assign to.
  Vocabulary() = default;
  static Vocabulary Bytes();
  // INVALID_ARGUMENT if `code_points` is empty, is not strictly ascending, or holds something that
  // is no Unicode scalar value.
  static absl::StatusOr<Vocabulary> FromCodePoints(std::vector<char32_t> code_points);
  // The same characters under `rules`, which must be valid and of the same kind.
  Vocabulary With(const VocabularyRules& rules) const;

  VocabularyKind kind() const { return rules_.kind; }
  const VocabularyRules& rules() const { return rules_; }
  int size() const { return char_count() + has_documents() + has_unknown(); }
  // The number of characters, whose ids are 0 to char_count() - 1.
  int char_count() const { return static_cast<int>(symbols_.size()); }

  // The end of a document, which the model also reads before its first character.
  std::optional<int32_t> EndOfDocumentId() const {
    return has_documents() ? std::optional<int32_t>(char_count()) : std::nullopt;
  }
  // The symbol in place of any rare or unseen character. It must never be generated.
  std::optional<int32_t> UnknownId() const {
    return has_unknown() ? std::optional<int32_t>(char_count() + has_documents()) : std::nullopt;
  }

  // The id of a code point (kCodePoints) or of a byte value (kBytes); none if it is not in the
  // vocabulary.
  std::optional<int32_t> Find(char32_t symbol) const;
  // The first id whose symbol is not below `symbol`; char_count() if there is none.
  int32_t LowerBound(char32_t symbol) const;
  // The code point or byte value of an id in [0, size), or kNoCharacter.
  char32_t Symbol(int32_t id) const { return id < char_count() ? symbols_[id] : kNoCharacter; }
  // Appends the text of `id`: one character, or one byte of a character, or nothing for a symbol
  // that is no character.
  void AppendText(int32_t id, std::string* text) const;

  // The symbol that a model reads before a text without a context: the end of a document if it
  // knows documents, else the line break if the vocabulary has it, else id 0.
  int32_t StartId() const { return EndOfDocumentId().value_or(Find(U'\n').value_or(0)); }

  enum class Unknown { kIsError, kIsSkipped };
  struct Encoded {
    std::vector<int32_t> ids;
    int64_t chars = 0;  // code points encoded; fewer than ids for bytes
  };
  // Returns the ids of a text, which is taken as one document whatever it holds. INVALID_ARGUMENT
  // for invalid UTF-8. Characters outside the vocabulary are skipped if `unknown` says so;
  // otherwise they become the unknown symbol, or, if there is none, an INVALID_ARGUMENT that lists
  // the first 10 distinct ones.
  absl::StatusOr<Encoded> Encode(absl::string_view text, Unknown unknown) const;

  friend bool operator==(const Vocabulary&, const Vocabulary&) = default;

 private:
  Vocabulary(VocabularyKind kind, std::vector<char32_t> symbols)
      : rules_{.kind = kind}, symbols_(std::move(symbols)) {}

  bool has_documents() const { return !rules_.document_separator.empty(); }
  bool has_unknown() const { return rules_.min_char_count > 1; }

  VocabularyRules rules_;
  std::vector<char32_t> symbols_;  // ascending; the index is the id
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_VOCABULARY_H_
