#include "core/text/corpus.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/text/document_splitter.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

using Counts = std::vector<uint32_t>;  // by code point, or by byte value

constexpr uint32_t kCountMax = std::numeric_limits<uint32_t>::max();

size_t SymbolValues(VocabularyKind kind) {
  return kind == VocabularyKind::kBytes ? 256 : size_t{kCodePointMax} + 1;
}

// Passes a text to `sink` as runs of ASCII (`Ascii`), other characters (`Char`) and ends of
// documents (`EndDocument`), which come at separators and at the end of the text. A byte order mark
// at the beginning of the text or of a document is no part of it; returns how many there were.
// INVALID_ARGUMENT if the text is not valid UTF-8 or, unless NULs are welcome, looks like UTF-16.
template <typename Sink>
absl::StatusOr<int64_t> ReadText(const TextSource& source, const VocabularyRules& rules,
                                 Sink* sink) {
  constexpr char32_t kByteOrderMark = 0xFEFF;
  int64_t marks = 0;
  bool at_beginning = true;
  Utf8Decoder decoder;
  const auto decode = [&](absl::string_view bytes) {
    return decoder.Decode(
        bytes,
        [&](absl::string_view ascii) {
          at_beginning = false;
          sink->Ascii(ascii);
        },
        [&](char32_t c) {
          const bool is_mark = c == kByteOrderMark && at_beginning;
          at_beginning = false;
          if (is_mark) {
            ++marks;
          } else {
            sink->Char(c);
          }
        });
  };
  const std::string& separator = rules.document_separator;
  int64_t separator_chars = 0;
  const auto end_document = [&] {
    at_beginning = true;
    separator_chars = 0;
    absl::Status status = decoder.Decode(separator, [&](char32_t) { ++separator_chars; });
    if (status.ok()) sink->EndDocument(separator_chars);
    return status;
  };
  DocumentSplitter splitter(separator, decode, end_document);
  absl::Status status = source.Read([&](absl::string_view piece) { return splitter.Write(piece); });
  if (status.ok()) status = splitter.Finish();
  if (status.ok()) status = decoder.Finish();
  if (status.ok() && rules.kind != VocabularyKind::kBytes) status = decoder.CheckNuls();
  if (!status.ok()) return status;
  if (!separator.empty()) sink->EndDocument(0);
  return marks;
}

// Counts, during the first reading, the characters and symbols that the text has.
class Census {
 public:
  explicit Census(const VocabularyRules& rules)
      : bytes_(rules.kind == VocabularyKind::kBytes),
        symbols_(rules.document_separator.empty() ? 0 : 1),
        counts_(SymbolValues(rules.kind)) {}

  void Ascii(absl::string_view run) {
    // Two tables, so that a repeated character need not wait until its last count is stored.
    size_t i = 0;
    for (; i + 2 <= run.size(); i += 2) {
      ++ascii_[0][static_cast<uint8_t>(run[i])];
      ++ascii_[1][static_cast<uint8_t>(run[i + 1])];
    }
    if (i < run.size()) ++ascii_[0][static_cast<uint8_t>(run[i])];
    Grow(static_cast<int64_t>(run.size()), static_cast<int64_t>(run.size()));
  }
  void Char(char32_t c) {
    if (!bytes_) {
      Count(c, 1);
      return Grow(1, 1);
    }
    character_.clear();
    AppendUtf8(c, &character_);
    for (const char byte : character_) Count(static_cast<uint8_t>(byte), 1);
    Grow(static_cast<int64_t>(character_.size()), 1);
  }
  void EndDocument(int64_t separator_chars) {
    chars_ += separator_chars;
    symbols_ += document_begun_ ? 1 : 0;
    document_begun_ = false;
  }
  void Finish() {
    for (uint32_t c = 0; c < 128; ++c) Count(c, ascii_[0][c] + ascii_[1][c]);
  }

  int64_t symbols() const { return symbols_; }
  int64_t chars() const { return chars_; }
  const Counts& counts() const { return counts_; }

 private:
  void Count(uint32_t symbol, uint64_t times) {
    counts_[symbol] = static_cast<uint32_t>(std::min<uint64_t>(counts_[symbol] + times, kCountMax));
  }
  void Grow(int64_t symbols, int64_t chars) {
    symbols_ += symbols;
    chars_ += chars;
    document_begun_ = true;
  }

  const bool bytes_;
  int64_t symbols_;
  int64_t chars_ = 0;
  bool document_begun_ = false;
  uint64_t ascii_[2][128] = {};
  Counts counts_;
  std::string character_;
};

// Writes the ids during the second reading, and notices if it differs from the first.
template <typename Id>
class Encoder {
 public:
  Encoder(const Vocabulary& vocabulary, int64_t symbols)
      : bytes_(vocabulary.kind() == VocabularyKind::kBytes),
        symbols_(symbols),
        end_of_document_(vocabulary.EndOfDocumentId()),
        id_of_(SymbolValues(vocabulary.kind()), vocabulary.UnknownId().value_or(kNone)) {
    for (int32_t id = 0; id < vocabulary.char_count(); ++id) id_of_[vocabulary.Symbol(id)] = id;
    ids_.reserve(symbols);
    if (end_of_document_) Append(*end_of_document_);
  }

  void Ascii(absl::string_view run) {
    Id ids[kIdsAtOnce];
    while (!run.empty() && !changed_) {
      const size_t count = std::min(run.size(), kIdsAtOnce);
      bool unknown = false;
      for (size_t i = 0; i < count; ++i) {
        const int32_t id = id_of_[static_cast<uint8_t>(run[i])];
        unknown |= id < 0;
        ids[i] = static_cast<Id>(id);
      }
      changed_ = unknown || static_cast<int64_t>(count + ids_.size()) > symbols_;
      if (!changed_) ids_.insert(ids_.end(), ids, ids + count);
      run.remove_prefix(count);
    }
  }
  void Char(char32_t c) {
    if (!bytes_) return Append(id_of_[c]);
    character_.clear();
    AppendUtf8(c, &character_);
    for (const char byte : character_) Append(static_cast<uint8_t>(byte));
  }
  void EndDocument(int64_t /*separator_chars*/) {
    if (!ids_.empty() && ids_.back() != static_cast<Id>(*end_of_document_)) {
      Append(*end_of_document_);
    }
  }

  // ABORTED if the second reading differed.
  absl::StatusOr<std::vector<Id>> Finish() {
    if (changed_ || static_cast<int64_t>(ids_.size()) != symbols_) {
      return absl::AbortedError("the text changed while it was read");
    }
    return std::move(ids_);
  }

 private:
  static constexpr int32_t kNone = -1;
  static constexpr size_t kIdsAtOnce = 4096;

  void Append(int32_t id) {
    changed_ |= id == kNone || static_cast<int64_t>(ids_.size()) == symbols_;
    if (!changed_) ids_.push_back(static_cast<Id>(id));
  }

  const bool bytes_;
  const int64_t symbols_;
  const std::optional<int32_t> end_of_document_;
  std::vector<int32_t> id_of_;
  std::vector<Id> ids_;
  std::string character_;
  bool changed_ = false;
};

template <typename Id, typename Ids>
absl::Status EncodeInto(const TextSource& source, const Vocabulary& vocabulary, int64_t symbols,
                        Ids* ids) {
  Encoder<Id> encoder(vocabulary, symbols);
  const absl::StatusOr<int64_t> marks = ReadText(source, vocabulary.rules(), &encoder);
  if (!marks.ok()) return marks.status();
  absl::StatusOr<std::vector<Id>> encoded = encoder.Finish();
  if (!encoded.ok()) return encoded.status();
  *ids = *std::move(encoded);
  return absl::OkStatus();
}

// Makes the vocabulary of the characters of `base`, which may be null, and of the characters that
// are frequent enough.
absl::StatusOr<Vocabulary> MakeVocabulary(const Counts& counts, const VocabularyRules& rules,
                                          const Vocabulary* base) {
  if (rules.kind == VocabularyKind::kBytes) return Vocabulary::Bytes().With(rules);
  std::vector<char32_t> characters;
  for (uint32_t c = 0; c < counts.size(); ++c) {
    const bool frequent = counts[c] >= static_cast<uint32_t>(rules.min_char_count);
    if (frequent || (base != nullptr && base->Find(c))) characters.push_back(c);
  }
  if (characters.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("has no character that occurs ", rules.min_char_count, " times"));
  }
  const absl::StatusOr<Vocabulary> vocabulary = Vocabulary::FromCodePoints(std::move(characters));
  if (!vocabulary.ok()) return vocabulary.status();
  return vocabulary->With(rules);
}

// INVALID_ARGUMENT if the text has too few distinct characters to learn from.
absl::Status CheckDistinct(const Counts& counts, int distinct) {
  if (distinct == 0) return absl::InvalidArgumentError("is empty");
  if (distinct > 1) return absl::OkStatus();
  const auto only = std::find_if(counts.begin(), counts.end(), [](uint32_t n) { return n > 0; });
  return absl::InvalidArgumentError(absl::StrCat(
      "has 1 distinct character, ", DescribeChar(static_cast<char32_t>(only - counts.begin())),
      "; at least 2 are needed to learn from"));
}

}  // namespace

absl::StatusOr<Corpus> Corpus::Load(const TextSource& source, const VocabularyRules& rules,
                                    Reserve reserve) {
  return Load(source, rules, nullptr, reserve);
}

absl::StatusOr<Corpus> Corpus::Load(const TextSource& source, const Vocabulary& base,
                                    Reserve reserve) {
  return Load(source, base.rules(), &base, reserve);
}

absl::StatusOr<Corpus> Corpus::Load(const TextSource& source, const VocabularyRules& rules,
                                    const Vocabulary* base, Reserve reserve) {
  Corpus corpus;
  {
    Census census(rules);
    const absl::StatusOr<int64_t> marks = ReadText(source, rules, &census);
    if (!marks.ok()) return marks.status();
    census.Finish();
    corpus.byte_order_marks_ = *marks;
    corpus.chars_ = census.chars();
    corpus.size_ = census.symbols();
    corpus.distinct_ = static_cast<int>(std::count_if(
        census.counts().begin(), census.counts().end(), [](uint32_t count) { return count > 0; }));
    const absl::Status status = CheckDistinct(census.counts(), corpus.distinct_);
    if (!status.ok()) return status;
    absl::StatusOr<Vocabulary> vocabulary = MakeVocabulary(census.counts(), rules, base);
    if (!vocabulary.ok()) return vocabulary.status();
    corpus.vocabulary_ = *std::move(vocabulary);
  }
  const int symbols = corpus.vocabulary_.size();
  const auto encode = [&](auto id) {
    using Id = decltype(id);
    absl::Status status = reserve(corpus.size_ * int64_t{sizeof(Id)});
    if (!status.ok()) return status;
    return EncodeInto<Id>(source, corpus.vocabulary_, corpus.size_, &corpus.ids_);
  };
  const absl::Status status = symbols <= 1 << 8    ? encode(uint8_t{})
                              : symbols <= 1 << 16 ? encode(uint16_t{})
                                                   : encode(uint32_t{});
  if (!status.ok()) return status;
  return corpus;
}

CorpusSplit Corpus::Split(double validation_fraction) const {
  CorpusSplit split = SplitCorpus(size_, validation_fraction);
  const std::optional<int32_t> end = vocabulary_.EndOfDocumentId();
  const int64_t begin = split.validation.begin;
  for (int64_t i = begin; end && i < begin + split.validation.size() / 2; ++i) {
    int32_t id;
    CopyIds(i, 1, 1, &id);
    if (id != *end) continue;
    // The symbol that ends the last training document begins the first held-out one.
    return {.training = {0, i + 1}, .validation = {i, size_}};
  }
  return split;
}

void Corpus::CopyIds(int64_t begin, int64_t count, int64_t stride, int32_t* ids) const {
  std::visit(
      [&](const auto& all) {
        for (int64_t i = 0; i < count; ++i) ids[i * stride] = static_cast<int32_t>(all[begin + i]);
      },
      ids_);
}

CorpusSplit SplitCorpus(int64_t size, double validation_fraction) {
  const auto kept = static_cast<int64_t>(static_cast<double>(size) * validation_fraction);
  return {.training = {0, size - kept}, .validation = {size - kept, size}};
}

}  // namespace runnel
