#include "core/generate/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/generate/single_stream.h"
#include "core/math/random.h"
#include "tests/core/generate/random_model.h"

namespace runnel {
namespace {

struct Written {
  std::string text;
  double logprob = 0;
  bool operator==(const Written&) const = default;
};

Written WriteFrom(const std::shared_ptr<const LanguageModel>& model, const SamplingOptions& options,
                  std::vector<int32_t> prompt, std::vector<float> state = {}) {
  SingleStream stream(Session(model, options, std::move(prompt), std::move(state)));
  Written written = {.text = stream.WriteAll()};
  written.logprob = stream.session().logprob();
  return written;
}

// Characters of `text`; a failure if it is not valid UTF-8.
int64_t CharsOf(const std::string& text) {
  const auto decoded = DecodeUtf8(text);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? static_cast<int64_t>(decoded->size()) : -1;
}

TEST(Session, SameSeed_WritesTheSameTextAndOthersWriteOthers) {
  const auto model = LettersModel();
  const SamplingOptions options = {.seed = 7, .max_chars = 60};
  const Written text = WriteFrom(model, options, {2});
  EXPECT_EQ(WriteFrom(model, options, {2}), text);
  std::set<std::string> texts;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    for (uint64_t sample = 0; sample < 5; ++sample) {
      texts.insert(
          WriteFrom(model, {.seed = seed, .sample_index = sample, .max_chars = 60}, {2}).text);
    }
  }
  EXPECT_EQ(texts.size(), 25u);
}

TEST(Session, MaxChars_AreExactlyThatManyCharacters) {
  for (const auto& model : {LettersModel(), RandomModel(Vocabulary::Bytes())}) {
    for (const int64_t max_chars : {1, 2, 57}) {
      SingleStream stream(Session(model, {.seed = 1, .max_chars = max_chars}, {2}));
      EXPECT_EQ(CharsOf(stream.WriteAll()), max_chars);
      EXPECT_EQ(stream.session().generated_chars(), max_chars);
      EXPECT_EQ(stream.session().finish_reason(), FinishReason::kLength);
    }
  }
}

TEST(Session, MaxChars_OnlyCutsTheSameText) {
  const auto model = LettersModel();
  const std::string whole = WriteFrom(model, {.max_chars = 50}, {2}).text;
  const std::string part = WriteFrom(model, {.max_chars = 20}, {2}).text;
  EXPECT_EQ(whole.substr(0, part.size()), part);
}

TEST(Session, ByteVocabulary_OnlyEverWritesWholeValidCharacters) {
  const auto model = RandomModel(Vocabulary::Bytes());
  std::set<size_t> lengths;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SingleStream stream(Session(
        model, {.sampler = {.temperature = seed % 4 == 0 ? 0.0f : 3.0f}, .seed = seed}, {}));
    size_t steps = 0;
    for (Event event = Event::kReading; event != Event::kEnd;) {
      std::string text;
      event = stream.Step(&text);
      ++steps;
      ASSERT_EQ(text.empty(), event == Event::kMidChar);
      if (event == Event::kMidChar) continue;
      ASSERT_EQ(CharsOf(text), 1);
      ASSERT_EQ(text.size(), steps);
      lengths.insert(text.size());
      steps = 0;
    }
  }
  EXPECT_THAT(lengths, testing::ElementsAre(1, 2, 3, 4));
}

TEST(Session, Prompt_IsReadSymbolBySymbolBeforeOneIsDrawn) {
  const auto model = LettersModel();
  Session session(model, {.seed = 3, .max_chars = 2}, {2, 3, 4});
  const std::vector<float> logits(model->vocabulary.size());
  Sampler sampler;
  std::string text;
  for (const int32_t id : {2, 3}) {
    EXPECT_EQ(session.NextInput(), id);
    EXPECT_EQ(session.Accept(logits, &sampler, &text), Event::kReading);
  }
  EXPECT_EQ(session.NextInput(), 4);
  EXPECT_EQ(text, "");
  EXPECT_EQ(session.Accept(logits, &sampler, &text), Event::kChar);
  std::string drawn;
  model->vocabulary.AppendText(session.NextInput(), &drawn);
  EXPECT_EQ(text, drawn);
  EXPECT_FALSE(session.ended());
  EXPECT_EQ(session.Accept(logits, &sampler, &text), Event::kEnd);
  EXPECT_TRUE(session.ended());
  EXPECT_EQ(CharsOf(text), 2);
}

TEST(Session, Interrupt_EndsTheTextWhereItIs) {
  const auto model = LettersModel();
  SingleStream stream(Session(model, {.seed = 3, .max_chars = 9}, {2}));
  std::string text;
  stream.Step(&text);
  stream.Step(&text);
  stream.session().Interrupt(&text);
  EXPECT_EQ(stream.session().finish_reason(), FinishReason::kInterrupted);
  EXPECT_EQ(CharsOf(text), 2);
  EXPECT_EQ(stream.session().generated_chars(), 2);
}

TEST(Session, EmptyPrompt_ReadsTheStartCharacter) {
  const auto model = LettersModel();
  const SamplingOptions options = {.seed = 5, .max_chars = 40};
  EXPECT_EQ(WriteFrom(model, options, {}), WriteFrom(model, options, {0}));  // the line break
  EXPECT_NE(WriteFrom(model, options, {}).text, WriteFrom(model, options, {2}).text);
  const auto bytes = RandomModel(Vocabulary::Bytes());
  EXPECT_EQ(WriteFrom(bytes, options, {}), WriteFrom(bytes, options, {'\n'}));
  const auto no_line_break = RandomModel(Vocabulary::FromCodePoints({U'x', U'y', U'z'}).value());
  EXPECT_EQ(WriteFrom(no_line_break, options, {}), WriteFrom(no_line_break, options, {0}));
}

TEST(Session, StateAfterAPrefix_GoesOnAsThePromptWithThePrefix) {
  const auto model = LettersModel();
  const SamplingOptions options = {.seed = 6, .max_chars = 40};
  std::vector<float> state(model->decoder->state_size());
  std::vector<float> logits(model->vocabulary.size());
  float* pointer = state.data();
  for (const int32_t id : {4, 5, 6}) model->decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
  EXPECT_EQ(WriteFrom(model, options, {7, 2}, state), WriteFrom(model, options, {4, 5, 6, 7, 2}));
  EXPECT_NE(WriteFrom(model, options, {7, 2}), WriteFrom(model, options, {4, 5, 6, 7, 2}));
}

TEST(Session, TemperatureZero_WritesTheLikeliestCharactersWhateverTheSeed) {
  const auto model = LettersModel();
  const Written text =
      WriteFrom(model, {.sampler = {.temperature = 0}, .seed = 1, .max_chars = 30}, {2});
  EXPECT_EQ(WriteFrom(model, {.sampler = {.temperature = 0}, .seed = 2, .max_chars = 30}, {2}),
            text);

  std::vector<float> state(model->decoder->state_size());
  std::vector<float> logits(model->vocabulary.size());
  float* pointer = state.data();
  int32_t id = 2;
  std::string expected;
  for (int i = 0; i < 30; ++i) {
    model->decoder->Step({&id, 1}, {&pointer, 1}, logits.data());
    id = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    model->vocabulary.AppendText(id, &expected);
  }
  EXPECT_EQ(text.text, expected);
}

TEST(Session, Logprob_IsTheSumOverTheDrawnCharacters) {
  const auto model = LettersModel();
  const Written written =
      WriteFrom(model, {.sampler = {.temperature = 0.8f}, .seed = 4, .max_chars = 25}, {3});
  const auto ids = model->vocabulary.Encode(written.text, Vocabulary::Unknown::kIsError)->ids;

  std::vector<float> state(model->decoder->state_size());
  std::vector<float> logits(model->vocabulary.size());
  float* pointer = state.data();
  int32_t last = 3;
  double sum = 0;
  for (const int32_t id : ids) {
    model->decoder->Step({&last, 1}, {&pointer, 1}, logits.data());
    double exponentials = 0;
    for (const double logit : logits) exponentials += std::exp(logit / 0.8f);
    sum += static_cast<double>(logits[id]) / 0.8f - std::log(exponentials);
    last = id;
  }
  EXPECT_NEAR(written.logprob, sum, 1e-9);
}

TEST(Session, Uniforms_AreTheCounterBasedFunctionOfSeedSampleAndPosition) {
  // A model of equal logits: the id is the uniform times 4.
  auto model = std::make_shared<LanguageModel>();
  const auto network = MakeNetwork<float>({.hidden_size = 1}, 4);
  const std::vector<float> zeros(network->layout().size());
  model->decoder = network->NewDecoder(zeros.data());
  model->vocabulary = Vocabulary::FromCodePoints({U'a', U'b', U'c', U'd'}).value();
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    expected += static_cast<char>('a' + static_cast<int>(RandomUniform(9, 2, i) * 4));
  }
  EXPECT_EQ(WriteFrom(model, {.seed = 9, .sample_index = 2, .max_chars = 100}, {}).text, expected);
}

TEST(Session, PromptOfADocumentModel_IsReadBehindTheStartOfADocument) {
  const auto model = RandomModel(LettersModel()->vocabulary.With({.document_separator = "-"}));
  const int32_t start = *model->vocabulary.EndOfDocumentId();
  Session session(model, {.seed = 3}, {2, 3});
  Sampler sampler;
  const std::vector<float> logits(model->vocabulary.size());
  std::string text;
  for (const int32_t id : {start, 2}) {
    EXPECT_EQ(session.NextInput(), id);
    EXPECT_EQ(session.Accept(logits, &sampler, &text), Event::kReading);
  }
  EXPECT_EQ(session.NextInput(), 3);
  // A text that resumes from a state is already inside a document.
  const std::vector<float> state(model->decoder->state_size());
  EXPECT_EQ(Session(model, {.seed = 3}, {2, 3}, state).NextInput(), 2);
}

TEST(Session, EndOfDocument_EndsTheTextAndIsNoPartOfIt) {
  for (const Vocabulary& characters :
       {Vocabulary::FromCodePoints({U'a', U'b'}).value(), Vocabulary::Bytes()}) {
    const auto model =
        RandomModel(characters.With({.kind = characters.kind(), .document_separator = "\n"}));
    int ended = 0;
    for (uint64_t seed = 0; seed < 40; ++seed) {
      SingleStream stream(Session(model, {.seed = seed, .max_chars = 40, .top_logprobs = 3}, {}));
      const std::string text = stream.WriteAll();
      const int64_t chars = stream.session().generated_chars();
      EXPECT_EQ(CharsOf(text), chars);
      const bool document = stream.session().finish_reason() == FinishReason::kEndOfDocument;
      EXPECT_EQ(document, chars < 40);
      ended += document;
      const auto logprobs = stream.session().TakeLogprobs();
      EXPECT_EQ(static_cast<int64_t>(logprobs.size()), chars);
      for (const CharLogprob& character : logprobs) {
        for (const CharAlternative& alternative : character.alternatives) {
          EXPECT_LE(alternative.character, kCodePointMax);
        }
      }
    }
    EXPECT_GT(ended, 0);
  }
}

TEST(Session, UnknownSymbol_IsNeverDrawn) {
  const auto model =
      RandomModel(Vocabulary::FromCodePoints({U'a', U'b'}).value().With({.min_char_count = 2}));
  const Written written = WriteFrom(model, {.seed = 2, .max_chars = 500}, {2, 0, 2});
  EXPECT_EQ(CharsOf(written.text), 500);
}

}  // namespace
}  // namespace runnel
