#include "core/reading/masked_scorer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/reading/log_probability.h"
#include "core/reading/make_scorer.h"
#include "tests/core/generate/random_model.h"

namespace runnel {
namespace {

std::vector<double> Score(const std::shared_ptr<const LanguageModel>& model,
                          const std::vector<int32_t>& context, const std::vector<int32_t>& text,
                          int64_t* advances = nullptr) {
  const auto scorer = MakeScorer(model, context, text);
  int64_t count = 1;
  while (!scorer->Advance().value()) ++count;
  if (advances != nullptr) *advances = count;
  return scorer->char_logprobs();
}

// ln p of the symbol at `place`, with `hidden` places masked, in one reading of all symbols.
double PlainLogprob(const LanguageModel& model, std::vector<int32_t> symbols,
                    const std::vector<int64_t>& hidden, int64_t place) {
  const int32_t id = symbols[place];
  for (const int64_t h : hidden) symbols[h] = kMaskedId;
  const auto read = model.cloze->Read(symbols.data(), static_cast<int>(symbols.size()), 1);
  const size_t vocabulary = model.vocabulary.size();
  const absl::Span<const float> logits(read->logits() + place * vocabulary, vocabulary);
  return logits[id] - LogSumExp(logits);
}

TEST(MaskedScorer, TextUpToTheMaskDistance_IsEachCharacterGivenAllOthers) {
  const auto model = RandomBidirectional(Letters());
  for (const int64_t size : {1, 2, 31, 32}) {
    const std::vector<int32_t> text = RandomIds(size, model->vocabulary.size(), size);
    const std::vector<double> scored = Score(model, {}, text);
    ASSERT_EQ(scored.size(), text.size());
    for (int64_t i = 0; i < size; ++i) {
      EXPECT_NEAR(scored[i], PlainLogprob(*model, text, {i}, i), 1e-5) << size << " " << i;
    }
  }
}

TEST(MaskedScorer, LongerText_HidesEveryThirtySecondCharacterTogether) {
  const auto model = RandomBidirectional(Letters());
  const int64_t size = 200;  // one window
  const std::vector<int32_t> text = RandomIds(size, model->vocabulary.size(), 5);
  const std::vector<double> scored = Score(model, {}, text);
  double apart = 0;
  for (int64_t i = 0; i < size; ++i) {
    std::vector<int64_t> hidden;
    for (int64_t h = i % kMaskDistance; h < size; h += kMaskDistance) hidden.push_back(h);
    EXPECT_NEAR(scored[i], PlainLogprob(*model, text, hidden, i), 1e-5) << i;
    apart = std::max(apart, std::abs(scored[i] - PlainLogprob(*model, text, {i}, i)));
  }
  EXPECT_GT(apart, 0);
}

TEST(MaskedScorer, TextOfSeveralBlocks_IsSeenThroughTheirWindows) {
  const auto model = RandomBidirectional(Letters());
  const int64_t size = 2 * kClozeBlock + 10;
  const std::vector<int32_t> text = RandomIds(size, model->vocabulary.size(), 6);
  const std::vector<double> scored = Score(model, {}, text);
  ASSERT_EQ(scored.size(), text.size());
  for (const int64_t i : {int64_t{0}, kClozeBlock - 1, kClozeBlock, kClozeBlock + 70, size - 11,
                          size - 10, size - 1}) {
    const int64_t block = i / kClozeBlock;
    const int64_t begin = std::max<int64_t>(0, block * kClozeBlock - kClozeMargin);
    const int64_t end = std::min(size, (block + 1) * kClozeBlock + kClozeMargin);
    const std::vector<int32_t> window(text.begin() + begin, text.begin() + end);
    std::vector<int64_t> hidden;
    for (int64_t h = begin; h < end; ++h) {
      if ((h - i) % kMaskDistance == 0) hidden.push_back(h - begin);
    }
    EXPECT_NEAR(scored[i], PlainLogprob(*model, window, hidden, i - begin), 1e-5) << i;
  }
}

TEST(MaskedScorer, Context_IsSeenAndNeverHidden) {
  const auto model = RandomBidirectional(Letters());
  const std::vector<int32_t> context = RandomIds(40, model->vocabulary.size(), 7);
  const std::vector<int32_t> text = RandomIds(20, model->vocabulary.size(), 8);
  std::vector<int32_t> whole = context;
  whole.insert(whole.end(), text.begin(), text.end());
  const std::vector<double> scored = Score(model, context, text);
  ASSERT_EQ(scored.size(), text.size());
  for (int64_t i = 0; i < 20; ++i) {
    EXPECT_NEAR(scored[i], PlainLogprob(*model, whole, {40 + i}, 40 + i), 1e-5) << i;
  }
}

TEST(MaskedScorer, DocumentModel_SeesTextAndContextAsOneDocument) {
  const auto model = RandomBidirectional(Letters().With({.document_separator = "|"}));
  const int32_t end = *model->vocabulary.EndOfDocumentId();
  for (const int64_t context_size : {0, 10}) {
    const std::vector<int32_t> context = RandomIds(context_size, end, 7);
    const std::vector<int32_t> text = RandomIds(20, end, 8);
    std::vector<int32_t> whole = {end};
    whole.insert(whole.end(), context.begin(), context.end());
    whole.insert(whole.end(), text.begin(), text.end());
    whole.push_back(end);
    const std::vector<double> scored = Score(model, context, text);
    ASSERT_EQ(scored.size(), text.size());
    for (int64_t i = 0; i < 20; ++i) {
      const int64_t place = 1 + context_size + i;
      EXPECT_NEAR(scored[i], PlainLogprob(*model, whole, {place}, place), 1e-5) << i;
    }
  }
}

TEST(MaskedScorer, ContextBeyondTheMargin_ChangesNothing) {
  const auto model = RandomBidirectional(Letters());
  std::vector<int32_t> context = RandomIds(200, model->vocabulary.size(), 9);
  const std::vector<int32_t> text = RandomIds(50, model->vocabulary.size(), 10);
  const std::vector<double> scored = Score(model, context, text);
  context[200 - kClozeMargin - 1] = (context[200 - kClozeMargin - 1] + 1) % 9;
  EXPECT_EQ(Score(model, context, text), scored);
  context[200 - kClozeMargin] = (context[200 - kClozeMargin] + 1) % 9;
  EXPECT_NE(Score(model, context, text), scored);
}

TEST(MaskedScorer, CharacterOfSeveralBytes_IsHiddenWhole) {
  const auto model = RandomBidirectional(Vocabulary::Bytes());
  const std::vector<int32_t> text = {'a', 0xC3, 0xA9, 0xE4, 0xB8, 0x96, 'b'};  // aé世b
  const std::vector<double> scored = Score(model, {}, text);
  ASSERT_EQ(scored.size(), 4u);
  EXPECT_NEAR(scored[0], PlainLogprob(*model, text, {0}, 0), 1e-5);
  EXPECT_NEAR(scored[1],
              PlainLogprob(*model, text, {1, 2}, 1) + PlainLogprob(*model, text, {1, 2}, 2), 1e-5);
  EXPECT_NEAR(scored[2],
              PlainLogprob(*model, text, {3, 4, 5}, 3) + PlainLogprob(*model, text, {3, 4, 5}, 4) +
                  PlainLogprob(*model, text, {3, 4, 5}, 5),
              1e-5);
}

TEST(MaskedScorer, Work_GrowsWithTheTextAlone) {
  // A network of any size reads 1 to 32 passes at once.
  const auto model = RandomBidirectional(Letters());
  int64_t advances = 0;
  Score(model, {}, RandomIds(10 * kClozeBlock, model->vocabulary.size(), 11), &advances);
  EXPECT_GE(advances, 10);
  EXPECT_LE(advances, 10 * kMaskDistance);
}

TEST(MaskedScorer, SameText_GivesTheSameBits) {
  const auto model = RandomBidirectional(Letters());
  const std::vector<int32_t> text = RandomIds(700, model->vocabulary.size(), 12);
  EXPECT_EQ(Score(model, {}, text), Score(model, {}, text));
}

TEST(MaskedScorer, LogitsThatAreNotFinite_AreAnError) {
  const auto model = RandomBidirectional(Letters(), kOverflowingStrength);
  const auto scorer = MakeScorer(model, {}, RandomIds(100, model->vocabulary.size(), 1));
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = scorer->Advance();
  EXPECT_EQ(done.status(), absl::DataLossError("its weights give logits that are not finite"));
}

}  // namespace
}  // namespace runnel
