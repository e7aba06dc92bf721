#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/generate/single_stream.h"
#include "core/reading/char_indices.h"
#include "core/reading/make_scorer.h"
#include "tests/core/generate/random_model.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;

std::vector<double> Score(const std::shared_ptr<const LanguageModel>& model,
                          const std::vector<int32_t>& context, const std::vector<int32_t>& text) {
  const auto scorer = MakeScorer(model, context, text);
  while (!scorer->Advance().value()) {
  }
  return scorer->char_logprobs();
}

double Sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::shared_ptr<const LanguageModel> OneDirectional(Vocabulary vocabulary) {
  return RandomModel(std::move(vocabulary), /*digest=*/1, DecodePrecision::kF32,
                     {.cell = CellType::kGruResetAfter, .num_layers = 2, .hidden_size = 12},
                     /*strength=*/3);
}

// ln p(text) character by character, each after everything before it, read from the zero state.
std::vector<double> PlainScore(const LanguageModel& model, std::vector<int32_t> before,
                               const std::vector<int32_t>& text) {
  std::vector<double> logprobs;
  for (const int32_t id : text) {
    std::vector<float> state(model.decoder->state_size());
    std::vector<float> logits(model.vocabulary.size());
    float* pointer = state.data();
    for (const int32_t read : before) model.decoder->Step({&read, 1}, {&pointer, 1}, logits.data());
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    logprobs.push_back(std::log(std::exp(static_cast<double>(logits[id])) / sum));
    before.push_back(id);
  }
  return logprobs;
}

TEST(SequentialScorer, Text_IsScoredFromItsFirstCharacterAfterTheStartCharacter) {
  const auto model = OneDirectional(Letters());
  const std::vector<int32_t> text = RandomIds(40, model->vocabulary.size(), 1);
  const std::vector<double> scored = Score(model, {}, text);
  const std::vector<double> plain = PlainScore(*model, {model->vocabulary.StartId()}, text);
  ASSERT_EQ(scored.size(), text.size());
  for (size_t i = 0; i < text.size(); ++i) EXPECT_NEAR(scored[i], plain[i], 1e-5) << i;
}

TEST(SequentialScorer, Context_IsReadFirstAndNotScored) {
  const auto model = OneDirectional(Letters());
  for (const int64_t context_size : {1, 15, 16, 17, 50}) {
    const std::vector<int32_t> context = RandomIds(context_size, model->vocabulary.size(), 2);
    const std::vector<int32_t> text = RandomIds(3, model->vocabulary.size(), 3);
    const std::vector<double> scored = Score(model, context, text);
    const std::vector<double> plain = PlainScore(*model, context, text);
    ASSERT_EQ(scored.size(), 3u);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(scored[i], plain[i], 1e-5) << context_size;
  }
}

// Counts the symbols whose logits were asked for.
class CountingDecoder : public Decoder<float> {
 public:
  explicit CountingDecoder(const Decoder<float>& decoder) : decoder_(decoder) {}

  int64_t state_size() const override { return decoder_.state_size(); }
  int vocabulary_size() const override { return decoder_.vocabulary_size(); }
  DecodePrecision precision() const override { return decoder_.precision(); }
  int64_t bytes() const override { return decoder_.bytes(); }
  int64_t read_cost() const override { return decoder_.read_cost(); }
  void Step(absl::Span<const int32_t> ids, absl::Span<float* const> states, float* logits,
            DecodeScratch<float>* scratch) const override {
    stepped += static_cast<int64_t>(ids.size());
    decoder_.Step(ids, states, logits, scratch);
  }
  void Read(absl::Span<const int32_t> ids, float* state,
            DecodeScratch<float>* scratch) const override {
    decoder_.Read(ids, state, scratch);
  }

  mutable int64_t stepped = 0;

 private:
  const Decoder<float>& decoder_;
};

TEST(SequentialScorer, Context_IsReadWithoutLogits) {
  const auto model = OneDirectional(Letters());
  auto counting = std::make_unique<CountingDecoder>(*model->decoder);
  const int64_t& stepped = counting->stepped;
  const auto counted = std::make_shared<LanguageModel>();
  counted->vocabulary = model->vocabulary;
  counted->decoder = std::move(counting);
  Score(counted, RandomIds(50, model->vocabulary.size(), 2), {1, 2, 3});
  EXPECT_EQ(stepped, 3);
}

TEST(SequentialScorer, TextAndContinuation_AddUpToTheWhole) {
  const auto model = OneDirectional(Letters());
  const std::vector<int32_t> whole = RandomIds(60, model->vocabulary.size(), 4);
  const std::vector<int32_t> first(whole.begin(), whole.begin() + 23);
  const std::vector<int32_t> rest(whole.begin() + 23, whole.end());
  // The context of the rest includes the start character.
  std::vector<int32_t> context = first;
  context.insert(context.begin(), model->vocabulary.StartId());
  EXPECT_NEAR(Sum(Score(model, {}, first)) + Sum(Score(model, context, rest)),
              Sum(Score(model, {}, whole)), 1e-9);
}

TEST(SequentialScorer, ContextOfADocumentModel_BeginsWhereADocumentDoes) {
  const auto model = OneDirectional(Letters().With({.document_separator = "-"}));
  const std::vector<int32_t> whole = RandomIds(40, model->vocabulary.char_count(), 4);
  const std::vector<int32_t> first(whole.begin(), whole.begin() + 13);
  const std::vector<int32_t> rest(whole.begin() + 13, whole.end());
  EXPECT_NEAR(Sum(Score(model, {}, first)) + Sum(Score(model, first, rest)),
              Sum(Score(model, {}, whole)), 1e-9);
}

TEST(SequentialScorer, OneCharacterTexts_HaveProbabilitiesThatSumToOne) {
  const auto model = OneDirectional(Letters());
  double sum = 0;
  for (int32_t id = 0; id < model->vocabulary.size(); ++id) {
    sum += std::exp(Score(model, {3, 1}, {id})[0]);
  }
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(SequentialScorer, UnknownCharacter_IsOneOfThoseThatATextMayHave) {
  const auto model = OneDirectional(Letters().With({.min_char_count = 2}));
  const int32_t unknown = *model->vocabulary.UnknownId();
  double sum = 0;
  for (int32_t id = 0; id <= unknown; ++id) sum += std::exp(Score(model, {3, 1}, {id})[0]);
  EXPECT_NEAR(sum, 1, 1e-9);
  // A session draws only from the other symbols.
  SingleStream stream(Session(model, {.max_chars = 1}, {3, 1}));
  const std::string text = stream.WriteAll();
  const auto ids = model->vocabulary.Encode(text, Vocabulary::Unknown::kIsError)->ids;
  EXPECT_NEAR(
      stream.session().logprob(),
      Score(model, {3, 1}, ids)[0] - std::log1p(-std::exp(Score(model, {3, 1}, {unknown})[0])),
      1e-6);
}

TEST(SequentialScorer, ByteModel_ScoresWholeCharactersAmongTheBytesThatCanFollow) {
  const auto model = OneDirectional(Vocabulary::Bytes());
  const std::vector<int32_t> text = {'a', 0xC3, 0xA9, 0xE4, 0xB8, 0x96};  // a é 世
  const std::vector<double> scored = Score(model, {}, text);
  ASSERT_EQ(scored.size(), 3u);
  // Computes the é by hand: each of its two bytes among those that are possible at its place.
  std::vector<float> state(model->decoder->state_size());
  std::vector<float> logits(model->vocabulary.size());
  float* pointer = state.data();
  const auto read = [&](int32_t id) {
    model->decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
  };
  const auto logprob_among = [&](int32_t id, auto can_stand) {
    double sum = 0;
    for (int byte = 0; byte < 256; ++byte) {
      if (can_stand(byte)) sum += std::exp(static_cast<double>(logits[byte]));
    }
    return logits[id] - std::log(sum);
  };
  read('\n');
  read('a');
  double logprob =
      logprob_among(0xC3, [](int byte) { return byte < 0x80 || (byte >= 0xC2 && byte <= 0xF4); });
  read(0xC3);
  logprob += logprob_among(0xA9, [](int byte) { return byte >= 0x80 && byte < 0xC0; });
  EXPECT_NEAR(scored[1], logprob, 1e-9);
}

TEST(Scorer, LogitsThatAreNotFinite_AreAnError) {
  for (const DecodePrecision precision :
       {DecodePrecision::kF32, DecodePrecision::kBf16, DecodePrecision::kInt8}) {
    const auto model = RandomModel(Letters(), /*digest=*/1, precision,
                                   {.num_layers = 1, .hidden_size = 24}, kOverflowingStrength);
    const auto scorer = MakeScorer(model, {1, 2}, RandomIds(40, model->vocabulary.size(), 1));
    absl::StatusOr<bool> done = false;
    while (done.ok() && !*done) done = scorer->Advance();
    EXPECT_EQ(done.status(), absl::DataLossError("its weights give logits that are not finite"));
  }
}

TEST(CharIndices, Bytes_CountWholeCharacters) {
  EXPECT_THAT(CharIndices(Vocabulary::Bytes(), {'a', 0xC3, 0xA9, 0xE4, 0xB8, 0x96, 'b'}),
              ElementsAre(0, 1, 1, 2, 2, 2, 3));
  EXPECT_THAT(CharIndices(Letters(), {8, 8, 0}), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace runnel
