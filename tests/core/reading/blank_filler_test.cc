#include "core/reading/blank_filler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/reading/log_probability.h"
#include "tests/core/generate/random_model.h"

namespace runnel {
namespace {

BlankFiller Fill(const std::shared_ptr<const LanguageModel>& model,
                 const std::vector<int32_t>& text, int candidates = 5) {
  BlankFiller filler(model, text, candidates);
  while (!filler.Advance().value()) {
  }
  return filler;
}

// ln p of every id at `place` of the text, in one reading of it all.
std::vector<double> PlainLogprobs(const LanguageModel& model, const std::vector<int32_t>& text,
                                  int64_t place) {
  const auto read = model.cloze->Read(text.data(), static_cast<int>(text.size()), 1);
  const size_t vocabulary = model.vocabulary.size();
  const absl::Span<const float> logits(read->logits() + place * vocabulary, vocabulary);
  std::vector<double> logprobs;
  for (const float logit : logits) logprobs.push_back(logit - LogSumExp(logits));
  return logprobs;
}

int32_t Likeliest(const std::vector<double>& logprobs) {
  return static_cast<int32_t>(std::max_element(logprobs.begin(), logprobs.end()) -
                              logprobs.begin());
}

TEST(BlankFiller, OneBlank_GetsRankedCandidatesAndTheLikeliest) {
  const auto model = RandomBidirectional(Letters());
  std::vector<int32_t> text = RandomIds(30, model->vocabulary.size(), 1);
  text[12] = kMaskedId;
  const BlankFiller filler = Fill(model, text, 3);
  const std::vector<double> plain = PlainLogprobs(*model, text, 12);
  ASSERT_EQ(filler.candidates().size(), 1u);
  const std::vector<BlankCandidate>& candidates = filler.candidates()[0];
  ASSERT_EQ(candidates.size(), 3u);
  EXPECT_EQ(candidates[0].id, Likeliest(plain));
  for (size_t i = 0; i < candidates.size(); ++i) {
    EXPECT_NEAR(candidates[i].logprob, plain[candidates[i].id], 1e-6);
    if (i == 0) continue;
    EXPECT_LE(candidates[i].logprob, candidates[i - 1].logprob);
  }
  text[12] = candidates[0].id;
  EXPECT_EQ(filler.filled(), text);
}

TEST(BlankFiller, MoreCandidatesThanCharacters_AreTheVocabularyAndSumToOne) {
  const auto model = RandomBidirectional(Letters());
  const BlankFiller filler = Fill(model, {2, kMaskedId, 3}, 1000);
  ASSERT_EQ(filler.candidates()[0].size(), static_cast<size_t>(model->vocabulary.size()));
  double sum = 0;
  for (const BlankCandidate& candidate : filler.candidates()[0]) sum += std::exp(candidate.logprob);
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(BlankFiller, SeveralBlanks_AreFilledSurestFirstAndJudgedAnew) {
  const auto model = RandomBidirectional(Letters());
  int differs = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<int32_t> text = RandomIds(40, model->vocabulary.size(), 100 + seed);
    std::vector<int64_t> blanks = {3, 4, 5, 17, 18, 30};
    for (const int64_t blank : blanks) text[blank] = kMaskedId;
    const BlankFiller filler = Fill(model, text);
    for (size_t i = 0; i < blanks.size(); ++i) {  // with all others hidden
      const std::vector<double> plain = PlainLogprobs(*model, text, blanks[i]);
      EXPECT_EQ(filler.candidates()[i][0].id, Likeliest(plain));
      EXPECT_NEAR(filler.candidates()[i][0].logprob, plain[Likeliest(plain)], 1e-6);
      differs += filler.filled()[blanks[i]] != Likeliest(plain);
    }
    while (!blanks.empty()) {  // the loop as the header says it
      size_t surest = 0;
      double best = -1e9;
      for (size_t i = 0; i < blanks.size(); ++i) {
        const std::vector<double> plain = PlainLogprobs(*model, text, blanks[i]);
        if (plain[Likeliest(plain)] > best) {
          best = plain[Likeliest(plain)];
          surest = i;
        }
      }
      text[blanks[surest]] = Likeliest(PlainLogprobs(*model, text, blanks[surest]));
      blanks.erase(blanks.begin() + static_cast<int64_t>(surest));
    }
    EXPECT_EQ(filler.filled(), text) << "seed " << seed;
  }
  EXPECT_GT(differs, 0);  // else nothing was judged anew
}

TEST(BlankFiller, BlankAcrossABlocksEdge_IsJudgedAnewWhenItsNeighbourIsFilled) {
  const auto model = RandomBidirectional(Letters());
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<int32_t> text = RandomIds(2 * kClozeBlock, model->vocabulary.size(), seed);
    const int64_t left = kClozeBlock - 1;
    text[left] = kMaskedId;
    text[left + 1] = kMaskedId;
    const BlankFiller filler = Fill(model, text);
    const bool left_first = filler.candidates()[0][0].logprob >= filler.candidates()[1][0].logprob;
    const int64_t first = left_first ? left : left + 1;
    const int64_t second = left_first ? left + 1 : left;
    EXPECT_EQ(filler.filled()[first], filler.candidates()[left_first ? 0 : 1][0].id);
    text[first] = filler.filled()[first];
    const ClozeWindow window =
        WindowOfBlock(second / kClozeBlock, 0, 2 * kClozeBlock, 2 * kClozeBlock);
    const std::vector<int32_t> seen(text.begin() + window.begin, text.begin() + window.end);
    EXPECT_EQ(filler.filled()[second],
              Likeliest(PlainLogprobs(*model, seen, second - window.begin)));
  }
}

TEST(BlankFiller, DocumentModel_SeesTheTextAsOneDocument) {
  const auto model = RandomBidirectional(Letters().With({.document_separator = "|"}));
  const int32_t end = *model->vocabulary.EndOfDocumentId();
  for (const int64_t size : {int64_t{2}, kClozeBlock, kClozeBlock + 1}) {
    std::vector<int32_t> text = RandomIds(size, model->vocabulary.char_count(), size);
    for (const int64_t place : {int64_t{0}, size - 1}) {
      std::vector<int32_t> blank = text;
      blank[place] = kMaskedId;
      const BlankFiller filler = Fill(model, blank, 100);
      std::vector<int32_t> surrounded = blank;
      surrounded.insert(surrounded.begin(), end);
      surrounded.push_back(end);
      const ClozeWindow window = WindowOfBlock(place / kClozeBlock, 1, size + 1, size + 2);
      surrounded.resize(window.end);
      surrounded.erase(surrounded.begin(), surrounded.begin() + window.begin);
      const std::vector<double> plain = PlainLogprobs(*model, surrounded, place + 1 - window.begin);
      // The end of a document is no candidate.
      ASSERT_EQ(filler.candidates()[0].size(), static_cast<size_t>(end));
      const double sure = std::log(1 - std::exp(plain[end]));
      for (const BlankCandidate& candidate : filler.candidates()[0]) {
        EXPECT_NEAR(candidate.logprob, plain[candidate.id] - sure, 1e-5);
      }
      blank[place] = filler.candidates()[0][0].id;
      EXPECT_EQ(filler.filled(), blank);
    }
  }
}

TEST(BlankFiller, NothingButBlanks_IsFilled) {
  const auto model = RandomBidirectional(Letters());
  const BlankFiller filler = Fill(model, std::vector<int32_t>(20, kMaskedId));
  EXPECT_EQ(filler.candidates().size(), 20u);
  for (const int32_t id : filler.filled()) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, model->vocabulary.size());
  }
}

TEST(BlankFiller, ByteModel_FillsOneByteCharacters) {
  const auto model = RandomBidirectional(Vocabulary::Bytes());
  const BlankFiller filler = Fill(model, {'a', kMaskedId, 'b', kMaskedId}, 300);
  for (const auto& candidates : filler.candidates()) {
    ASSERT_EQ(candidates.size(), 128u);
    double sum = 0;
    for (const BlankCandidate& candidate : candidates) {
      EXPECT_LT(candidate.id, 128);
      sum += std::exp(candidate.logprob);
    }
    EXPECT_NEAR(sum, 1, 1e-9);
  }
}

TEST(BlankFiller, EachFill_ReadsAtMostTwoWindows) {
  const auto model = RandomBidirectional(Letters());
  std::vector<int32_t> text = RandomIds(5 * kClozeBlock, model->vocabulary.size(), 3);
  int64_t blanks = 0;
  for (size_t i = 0; i < text.size(); i += 50) {
    text[i] = kMaskedId;
    ++blanks;
  }
  BlankFiller filler(model, text, 1);
  int64_t advances = 1;
  while (!filler.Advance().value()) ++advances;
  EXPECT_LE(advances, 5 + 3 * blanks);
}

TEST(BlankFiller, LogitsThatAreNotFinite_AreAnError) {
  const auto model = RandomBidirectional(Letters(), kOverflowingStrength);
  BlankFiller filler(model, {2, kMaskedId, 3, kMaskedId}, /*candidates=*/5);
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = filler.Advance();
  EXPECT_EQ(done.status(), absl::DataLossError("its weights give logits that are not finite"));
}

}  // namespace
}  // namespace runnel
