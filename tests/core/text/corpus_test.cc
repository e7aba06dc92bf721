#include "core/text/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/text/utf8.h"
#include "tests/testing/sanitizer.h"

namespace runnel {
namespace {

using testing::ElementsAre;

std::vector<int32_t> AllIds(const Corpus& corpus) {
  std::vector<int32_t> ids(corpus.size());
  corpus.CopyIds(0, corpus.size(), 1, ids.data());
  return ids;
}

std::string ErrorOf(absl::string_view text, VocabularyKind kind = VocabularyKind::kCodePoints) {
  const auto corpus = Corpus::Load(StringSource(text), kind);
  EXPECT_TRUE(absl::IsInvalidArgument(corpus.status())) << corpus.status();
  return std::string(corpus.status().message());
}

// Gives one text at the first reading and another at the second, a byte at a time.
class ChangingSource : public TextSource {
 public:
  ChangingSource(std::string first, std::string second)
      : texts_{std::move(first), std::move(second)} {}
  absl::Status Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const override {
    for (const char& byte : texts_[readings_++]) {
      if (absl::Status status = sink({&byte, 1}); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  const std::string texts_[2];
  mutable int readings_ = 0;
};

// Text of `distinct` different code points, each once, then the first three again.
std::string TextOfDistinct(int distinct) {
  std::string text;
  for (int i = 0, c = 0x20; i < distinct; ++i, ++c) {
    if (c == 0xD800) c = 0xE000;
    AppendUtf8(c, &text);
  }
  return text + " !\"";
}

TEST(Corpus, CodePoints_BecomeIdsInCodePointOrder) {
  const Corpus corpus = Corpus::Load(StringSource("b\u4E16"
                                                  "a\n\u4E16"),
                                     VocabularyKind::kCodePoints)
                            .value();
  EXPECT_EQ(corpus.size(), 5);
  EXPECT_EQ(corpus.chars(), 5);
  EXPECT_EQ(corpus.distinct(), 4);
  EXPECT_EQ(corpus.vocabulary(),
            Vocabulary::FromCodePoints({U'\n', U'a', U'b', U'\u4E16'}).value());
  EXPECT_THAT(AllIds(corpus), ElementsAre(2, 3, 1, 0, 3));
}

TEST(Corpus, Bytes_AreTheirOwnIdsAndCharactersAreCounted) {
  const Corpus corpus = Corpus::Load(StringSource("a\u4E16"), VocabularyKind::kBytes).value();
  EXPECT_EQ(corpus.size(), 4);
  EXPECT_EQ(corpus.chars(), 2);
  EXPECT_EQ(corpus.distinct(), 4);
  EXPECT_EQ(corpus.vocabulary(), Vocabulary::Bytes());
  EXPECT_THAT(AllIds(corpus), ElementsAre(0x61, 0xE4, 0xB8, 0x96));
}

TEST(Corpus, CopyIds_WritesWithAStride) {
  const Corpus corpus = Corpus::Load(StringSource("abcde"), VocabularyKind::kCodePoints).value();
  std::vector<int32_t> ids(6, -1);
  corpus.CopyIds(1, 3, 2, ids.data());
  EXPECT_THAT(ids, ElementsAre(1, -1, 2, -1, 3, -1));
}

TEST(Corpus, EmptyText_IsRefused) {
  EXPECT_EQ(ErrorOf(""), "is empty");
  EXPECT_EQ(ErrorOf("", VocabularyKind::kBytes), "is empty");
}

TEST(Corpus, OneDistinctCharacter_IsRefusedByName) {
  EXPECT_EQ(ErrorOf("a"), "has 1 distinct character, 'a'; at least 2 are needed to learn from");
  EXPECT_EQ(ErrorOf("\n\n\n"),
            "has 1 distinct character, U+000A; at least 2 are needed to learn from");
  EXPECT_EQ(ErrorOf("zz", VocabularyKind::kBytes),
            "has 1 distinct character, 'z'; at least 2 are needed to learn from");
}

TEST(Corpus, InvalidUtf8_IsRefusedForEveryKind) {
  for (const VocabularyKind kind : {VocabularyKind::kCodePoints, VocabularyKind::kBytes}) {
    EXPECT_EQ(ErrorOf("ab\xFE\xFF", kind), "not valid UTF-8: byte 0xFE at offset 2");
    EXPECT_EQ(ErrorOf("ab\xE2\x82", kind),
              "not valid UTF-8: the text ends inside the character that begins with byte 0xE2 at "
              "offset 2");
  }
}

TEST(Corpus, EveryIdWidth_KeepsEveryId) {
  // Around the largest vocabularies of one and of two bytes.
  for (const int distinct : {2, 256, 257, 65536, 65537, 100000}) {
    const Corpus corpus =
        Corpus::Load(StringSource(TextOfDistinct(distinct)), VocabularyKind::kCodePoints).value();
    ASSERT_EQ(corpus.distinct(), std::max(distinct, 3));
    ASSERT_EQ(corpus.size(), distinct + 3);
    const std::vector<int32_t> ids = AllIds(corpus);
    for (int i = 0; i < distinct; ++i) ASSERT_EQ(ids[i], i);
    for (int i = 0; i < 3; ++i) ASSERT_EQ(ids[distinct + i], i);
  }
}

TEST(Corpus, TextThatChangesBetweenReadings_IsAborted) {
  const auto load = [](const char* first, const char* second, VocabularyKind kind) {
    return Corpus::Load(ChangingSource(first, second), kind).status();
  };
  const absl::Status changed = absl::AbortedError("the text changed while it was read");
  for (const VocabularyKind kind : {VocabularyKind::kCodePoints, VocabularyKind::kBytes}) {
    EXPECT_EQ(load("abab", "aba", kind), changed);
    EXPECT_EQ(load("abab", "ababa", kind), changed);
    EXPECT_EQ(load("abab", "", kind), changed);
    EXPECT_TRUE(load("abab", "abab", kind).ok());
  }
  EXPECT_EQ(load("abab", "abac", VocabularyKind::kCodePoints), changed);
}

TEST(Corpus, ErrorOfTheSource_IsPassedOn) {
  EXPECT_TRUE(absl::IsNotFound(
      Corpus::Load(FileSource("/nonexistent/text"), VocabularyKind::kBytes).status()));
}

// The growth of the peak resident set while `path` is loaded, in MiB; measured in a child of its
// own, because a peak never falls.
int LoadingPeakMiB(const std::string& path, VocabularyKind kind, int64_t size) {
  const pid_t child = fork();
  if (child == 0) {
    struct rusage before = {};
    struct rusage after = {};
    getrusage(RUSAGE_SELF, &before);
    const auto corpus = Corpus::Load(FileSource(path), kind);
    getrusage(RUSAGE_SELF, &after);
    if (!corpus.ok() || corpus->size() != size) _exit(255);
    _exit(static_cast<int>(std::min<int64_t>(254, (after.ru_maxrss - before.ru_maxrss) >> 10)));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST(Corpus, Loading_NeverHoldsTheTextBesideTheIds) {
  if (kSanitizer) GTEST_SKIP() << "the sanitizer multiplies memory";
  constexpr int64_t kBytes = 40 << 20;
  const std::string path = testing::TempDir() + "/corpus_memory_" + std::to_string(getpid());
  {
    std::ofstream file(path, std::ios::binary);
    const std::string line = "a line of sixty-four characters, all of which are ASCII, so says\n";
    std::string block;
    while (block.size() < 1 << 20) block += line;
    block.resize(1 << 20);
    for (int64_t i = 0; i < kBytes >> 20; ++i) file << block;
  }
  for (const VocabularyKind kind : {VocabularyKind::kCodePoints, VocabularyKind::kBytes}) {
    // A byte a character for the ids, a piece of 1 MiB, tables of the code points (5 MiB).
    const int peak = LoadingPeakMiB(path, kind, kBytes);
    EXPECT_GE(peak, 38);
    EXPECT_LE(peak, 56);
  }
  std::filesystem::remove(path);
}

TEST(SplitCorpus, ValidationIsTheEndRoundedDown) {
  const CorpusSplit split = SplitCorpus(1005, 0.1);
  EXPECT_EQ(split.training.begin, 0);
  EXPECT_EQ(split.training.end, 905);
  EXPECT_EQ(split.validation.begin, 905);
  EXPECT_EQ(split.validation.end, 1005);
  EXPECT_EQ(SplitCorpus(9, 0.1).validation.size(), 0);
  EXPECT_EQ(SplitCorpus(9, 0).training.size(), 9);
  EXPECT_EQ(SplitCorpus(10, 0.5).training.size(), 5);
}

TEST(Corpus, Documents_BeginAndEndWithTheirSymbol) {
  for (const VocabularyKind kind : {VocabularyKind::kCodePoints, VocabularyKind::kBytes}) {
    // Empty documents are left out.
    const Corpus corpus =
        Corpus::Load(StringSource("----ab--ba----c--"), {.kind = kind, .document_separator = "--"})
            .value();
    const int32_t end = *corpus.vocabulary().EndOfDocumentId();
    const int32_t a = *corpus.vocabulary().Find(U'a');
    const int32_t b = *corpus.vocabulary().Find(U'b');
    const int32_t c = *corpus.vocabulary().Find(U'c');
    EXPECT_THAT(AllIds(corpus), ElementsAre(end, a, b, end, b, a, end, c, end));
    EXPECT_EQ(corpus.chars(), 17);
    EXPECT_EQ(corpus.distinct(), 3);
    EXPECT_EQ(end, kind == VocabularyKind::kBytes ? 256 : 3);
  }
}

TEST(Corpus, DocumentsWithoutAnyText_AreEmpty) {
  const auto corpus =
      Corpus::Load(StringSource("\n\n"), VocabularyRules{.document_separator = "\n"});
  EXPECT_EQ(corpus.status(), absl::InvalidArgumentError("is empty"));
}

TEST(Corpus, InvalidUtf8BeforeASeparator_IsNamedAtItsOffset) {
  const auto corpus =
      Corpus::Load(StringSource("ab\nc\xE2\x82\nd"), VocabularyRules{.document_separator = "\n"});
  EXPECT_EQ(corpus.status(), absl::InvalidArgumentError("not valid UTF-8: byte 0xE2 at offset 4"));
}

TEST(Corpus, RareCharacters_ShareTheUnknownSymbol) {
  const Corpus corpus =
      Corpus::Load(StringSource("aabbx\u00E9\u00E9y"), VocabularyRules{.min_char_count = 2})
          .value();
  EXPECT_EQ(corpus.vocabulary().char_count(), 3);
  EXPECT_EQ(corpus.vocabulary().UnknownId(), 3);
  EXPECT_THAT(AllIds(corpus), ElementsAre(0, 0, 1, 1, 3, 2, 2, 3));
}

TEST(Corpus, NoFrequentCharacter_IsRefused) {
  const auto corpus = Corpus::Load(StringSource("abc"), VocabularyRules{.min_char_count = 2});
  EXPECT_EQ(corpus.status(), absl::InvalidArgumentError("has no character that occurs 2 times"));
}

TEST(Corpus, BaseVocabulary_KeepsItsCharactersAndRulesAndGains) {
  const Vocabulary base = Vocabulary::FromCodePoints({U'b', U'd'})
                              .value()
                              .With({.min_char_count = 2, .document_separator = "|"});
  const Corpus corpus = Corpus::Load(StringSource("abac|d"), base).value();
  EXPECT_EQ(corpus.vocabulary(),
            Vocabulary::FromCodePoints({U'a', U'b', U'd'}).value().With(base.rules()));
  EXPECT_THAT(AllIds(corpus), ElementsAre(3, 0, 1, 0, 4, 3, 2, 3));
}

TEST(Corpus, Reserve_IsAskedForTheIdsBytesBeforeTheyAreMade) {
  std::string many;  // more than a byte counts
  for (char32_t c = 0x400; c < 0x520; ++c) AppendUtf8(c, &many);
  const struct {
    std::string text;
    int64_t bytes;
  } cases[] = {{"abcabc", 6}, {"\xC3\xA9\xC3\xA8", 2}, {many, 2 * 0x120}};
  for (const auto& [text, bytes] : cases) {
    std::vector<int64_t> asked;
    const auto answer = [&](absl::Status status) {
      return Corpus::Load(StringSource(text), VocabularyRules{}, [&](int64_t size) {
        asked.push_back(size);
        return status;
      });
    };
    EXPECT_TRUE(answer(absl::OkStatus()).ok());
    EXPECT_EQ(answer(absl::ResourceExhaustedError("no")).status(),
              absl::ResourceExhaustedError("no"));
    EXPECT_THAT(asked, testing::ElementsAre(bytes, bytes));
  }
}

TEST(Corpus, Split_CutsAtADocumentIfOneIsNear) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "abcdefghi\n";  // ten symbols a document
  const Corpus corpus =
      Corpus::Load(StringSource(text), VocabularyRules{.document_separator = "\n"}).value();
  ASSERT_EQ(corpus.size(), 101);
  const CorpusSplit split = corpus.Split(0.25);  // 76: the document from 80 on is the next
  EXPECT_EQ(split.training.end, 81);
  EXPECT_EQ(split.validation.begin, 80);
  EXPECT_EQ(split.validation.end, 101);
  EXPECT_EQ(corpus.Split(0.05).validation.begin, 96);  // none is near enough
  EXPECT_EQ(corpus.Split(0).training.end, 101);
}

}  // namespace
}  // namespace runnel
