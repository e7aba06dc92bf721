#include "core/text/corpus.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/text/utf8.h"

namespace runnel {
namespace {

// What the first reading learns.
struct Census {
  std::vector<bool> occurs;  // by code point, or by byte value
  int64_t symbols = 0;
  int64_t chars = 0;

  int distinct() const { return static_cast<int>(std::count(occurs.begin(), occurs.end(), true)); }
  std::vector<char32_t> Symbols() const {
    std::vector<char32_t> symbols;
    for (size_t c = 0; c < occurs.size(); ++c) {
      if (occurs[c]) symbols.push_back(static_cast<char32_t>(c));
    }
    return symbols;
  }
};

// Hands every code point of the source to `sink`.
absl::Status ReadCodePoints(const TextSource& source, absl::FunctionRef<void(char32_t)> sink) {
  Utf8Decoder decoder;
  absl::Status status =
      source.Read([&](absl::string_view piece) { return decoder.Decode(piece, sink); });
  return status.ok() ? decoder.Finish() : status;
}

absl::StatusOr<Census> TakeCensus(const TextSource& source, VocabularyKind kind) {
  Census census;
  census.occurs.resize(kind == VocabularyKind::kBytes ? 256 : kCodePointMax + 1);
  std::string bytes;
  absl::Status status = ReadCodePoints(source, [&](char32_t c) {
    ++census.chars;
    if (kind == VocabularyKind::kCodePoints) {
      census.occurs[c] = true;
      ++census.symbols;
      return;
    }
    bytes.clear();
    AppendUtf8(c, &bytes);
    for (const char byte : bytes) census.occurs[static_cast<uint8_t>(byte)] = true;
    census.symbols += static_cast<int64_t>(bytes.size());
  });
  if (!status.ok()) return status;
  return census;
}

// Writes the ids of the second reading; ABORTED where it differs from the first.
template <typename Id>
absl::StatusOr<std::vector<Id>> EncodeAs(const TextSource& source, const Vocabulary& vocabulary,
                                         const Census& census) {
  constexpr int32_t kNone = -1;
  std::vector<int32_t> id_of(census.occurs.size(), kNone);
  for (int32_t id = 0; id < vocabulary.size(); ++id) id_of[vocabulary.Symbol(id)] = id;

  std::vector<Id> ids;
  ids.reserve(census.symbols);
  bool changed = false;
  const auto append = [&](uint32_t symbol) {
    const int32_t id = id_of[symbol];
    changed |= id == kNone || static_cast<int64_t>(ids.size()) == census.symbols;
    if (!changed) ids.push_back(static_cast<Id>(id));
  };
  absl::Status status;
  if (vocabulary.kind() == VocabularyKind::kBytes) {
    status = source.Read([&](absl::string_view piece) {
      for (const char byte : piece) append(static_cast<uint8_t>(byte));
      return absl::OkStatus();
    });
  } else {
    status = ReadCodePoints(source, append);
  }
  if (!status.ok()) return status;
  if (changed || static_cast<int64_t>(ids.size()) != census.symbols) {
    return absl::AbortedError("the text changed while it was read");
  }
  return ids;
}

template <typename Id, typename Ids>
absl::Status EncodeInto(const TextSource& source, const Vocabulary& vocabulary,
                        const Census& census, Ids* ids) {
  absl::StatusOr<std::vector<Id>> encoded = EncodeAs<Id>(source, vocabulary, census);
  if (!encoded.ok()) return encoded.status();
  *ids = *std::move(encoded);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Corpus> Corpus::Load(const TextSource& source, VocabularyKind kind) {
  const absl::StatusOr<Census> census = TakeCensus(source, kind);
  if (!census.ok()) return census.status();
  Corpus corpus;
  corpus.chars_ = census->chars;
  corpus.size_ = census->symbols;
  corpus.distinct_ = census->distinct();
  if (corpus.chars_ == 0) return absl::InvalidArgumentError("is empty");
  if (corpus.distinct_ == 1) {
    return absl::InvalidArgumentError(absl::StrCat("has 1 distinct character, ",
                                                   DescribeChar(census->Symbols().front()),
                                                   "; at least 2 are needed to learn from"));
  }
  if (kind == VocabularyKind::kBytes) {
    corpus.vocabulary_ = Vocabulary::Bytes();
  } else {
    absl::StatusOr<Vocabulary> vocabulary = Vocabulary::FromCodePoints(census->Symbols());
    if (!vocabulary.ok()) return vocabulary.status();
    corpus.vocabulary_ = *std::move(vocabulary);
  }
  const int symbols = corpus.vocabulary_.size();
  const absl::Status status =
      symbols <= 1 << 8 ? EncodeInto<uint8_t>(source, corpus.vocabulary_, *census, &corpus.ids_)
      : symbols <= 1 << 16
          ? EncodeInto<uint16_t>(source, corpus.vocabulary_, *census, &corpus.ids_)
          : EncodeInto<uint32_t>(source, corpus.vocabulary_, *census, &corpus.ids_);
  if (!status.ok()) return status;
  return corpus;
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
