// Texts that are resumed from a state token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/generate/single_stream.h"
#include "core/generate/state_token.h"
#include "tests/core/generate/written_text.h"
#include "tests/core/pattern/parsed.h"

namespace runnel {
namespace {

struct Written {
  std::string text;
  double logprob = 0;
  FinishReason reason = FinishReason::kNone;
  SessionState state;
};

class SessionResumeTest : public testing::Test {
 protected:
  // To the end, or for `steps` steps, and then to a token and back.
  static Written WriteOn(Session session, int steps = 1 << 30) {
    SingleStream stream(std::move(session));
    Written written;
    while (!stream.session().ended() && steps-- > 0) stream.Step(&written.text);
    stream.session().Interrupt(&written.text);
    written.logprob = stream.session().logprob();
    written.reason = stream.session().finish_reason();
    const std::optional<SessionState> saved = stream.session().Save();
    EXPECT_TRUE(saved.has_value());
    const LanguageModel& model = stream.session().model();
    written.state = DecodeStateToken(EncodeStateToken(*saved, model), model).value();
    EXPECT_EQ(written.state, *saved);
    return written;
  }
};

TEST_F(SessionResumeTest, CutAnywhere_GoesOnToTheVeryTextThatWouldHaveFollowed) {
  std::mt19937 random(2);
  std::vector<ModelPtr> models;
  for (const DecodePrecision precision : kDecodePrecisions) {
    models.push_back(LettersModel(precision));
    models.push_back(RandomModel(Vocabulary::Bytes(), /*digest=*/1, precision));
  }
  int ended_early = 0;
  for (int i = 0; i < 900; ++i) {
    const ModelPtr& model = models[i % models.size()];
    SamplingOptions options = {.seed = random(), .max_chars = 60, .return_state = true};
    constexpr float kTemperatures[] = {1, 0.5f, 0, 2};
    options.sampler.temperature = kTemperatures[random() % 4];
    if (random() % 2 == 0) options.repetition_penalty = 1.7f;
    if (random() % 2 == 0) options.sampler.top_p = 0.8f;
    if (random() % 2 == 0) options.pattern = Parsed("(?s)([a-d]|[^a-d]{2})*\xC3\xA9?");
    if (random() % 2 == 0) {
      options.stops = StopSequences::Create({"abc", "bb", "a\xC3\xA9", "d \n", "c "}).value();
      options.include_stop = random() % 2 == 0;
    }
    options = Bound(options, *model);
    const std::vector<int32_t> prompt =
        random() % 2 == 0 ? std::vector<int32_t>{} : std::vector<int32_t>{2, 3, 4};
    const Written whole = WriteOn(Session(model, options, prompt));

    Written cut;
    double logprob = 0;
    std::string text;
    // By interruption between any two symbols, or by length.
    const int symbols = static_cast<int>(prompt.size() + random() % 40);
    SamplingOptions first = options;
    if (random() % 2 == 0) {
      first.max_chars = 1 + static_cast<int64_t>(random() % 40);
      cut = WriteOn(Session(model, first, prompt));
    } else {
      first.max_chars = 1000;
      cut = WriteOn(Session(model, first, prompt), symbols);
    }
    text = cut.text;
    logprob = cut.logprob;
    while (cut.reason == FinishReason::kLength || cut.reason == FinishReason::kInterrupted) {
      SamplingOptions next = options;
      next.max_chars = 1 + static_cast<int64_t>(random() % 30);
      if (text.size() > whole.text.size()) break;
      cut = WriteOn(Session::Resume(model, next, cut.state, {}).value());
      text += cut.text;
      logprob += cut.logprob;
    }
    if (whole.reason == FinishReason::kLength) {
      ASSERT_EQ(text.substr(0, whole.text.size()), whole.text) << i;
    } else {
      ++ended_early;
      ASSERT_EQ(text, whole.text) << i;
      ASSERT_EQ(cut.reason, whole.reason);
      ASSERT_NEAR(logprob, whole.logprob, 1e-9);
      ASSERT_EQ(cut.state, whole.state);
    }
  }
  EXPECT_GT(ended_early, 40);
}

TEST_F(SessionResumeTest, HeldCharacters_ComeFirstInTheTextThatGoesOn) {
  // A model of equal logits would do; this one is made to write "a" and then what is allowed.
  const ModelPtr model = LettersModel();
  SamplingOptions options = {.max_chars = 2, .return_state = true, .pattern = Parsed("abd")};
  options.stops = StopSequences::Create({"abc"}).value();
  options = Bound(options, *model);
  const Written first = WriteOn(Session(model, options, {}));
  EXPECT_EQ(first.text, "");
  EXPECT_EQ(first.reason, FinishReason::kLength);
  EXPECT_EQ(first.state.held.size(), 2u);
  EXPECT_EQ(first.logprob, 0);
  const Written rest = WriteOn(Session::Resume(model, options, first.state, {}).value());
  EXPECT_EQ(rest.text, "abd");
  EXPECT_EQ(rest.reason, FinishReason::kPatternComplete);
  // Without return_state nothing is held back at the end.
  options.return_state = false;
  SingleStream stream(Session(model, options, {}));
  EXPECT_EQ(stream.WriteAll(), "ab");
}

TEST_F(SessionResumeTest, HeldCharacters_AreNotLostWhenInterruptedBeforeTheFirstDraw) {
  const ModelPtr model = LettersModel();
  SamplingOptions options = {.max_chars = 2, .return_state = true, .pattern = Parsed("abd")};
  options.stops = StopSequences::Create({"abc"}).value();
  options = Bound(options, *model);
  const SessionState held = WriteOn(Session(model, options, {})).state;
  ASSERT_EQ(held.held.size(), 2u);
  const auto interrupted = [&](const SamplingOptions& next) {
    return WriteOn(Session::Resume(model, next, held, {}).value(), /*steps=*/0);
  };
  // A text that will be resumed keeps holding them.
  const Written again = interrupted(options);
  EXPECT_EQ(again.text, "");
  EXPECT_EQ(again.state, held);
  EXPECT_EQ(WriteOn(Session::Resume(model, options, again.state, {}).value()).text, "abd");
  // Unless they begin no stop sequence any more.
  SamplingOptions next = options;
  next.stops = nullptr;
  const Written let_out = interrupted(next);
  EXPECT_EQ(let_out.text, "ab");
  EXPECT_TRUE(let_out.state.held.empty());
  next = options;
  next.return_state = false;
  EXPECT_EQ(interrupted(next).text, "ab");
  EXPECT_EQ(interrupted(next).reason, FinishReason::kInterrupted);
  next.stops = StopSequences::Create({"b"}).value();
  EXPECT_EQ(interrupted(next).text, "a");
  EXPECT_EQ(interrupted(next).reason, FinishReason::kStopSequence);
}

TEST_F(SessionResumeTest, Prompt_IsReadFromTheState) {
  const ModelPtr model = LettersModel();
  const SamplingOptions options = {.seed = 9, .max_chars = 30, .return_state = true};
  const Written first = WriteOn(Session(model, options, {2}));
  const Written rest = WriteOn(Session::Resume(model, options, first.state, {4, 5, 6}).value());
  // Equal to reading everything from the beginning, except that the draws continue from another
  // position; so compare at temperature 0.
  std::vector<int32_t> all =
      model->vocabulary.Encode(first.text, Vocabulary::Unknown::kIsError)->ids;
  all.insert(all.begin(), 2);
  all.insert(all.end(), {4, 5, 6});
  const SamplingOptions greedy = {.sampler = {.temperature = 0}, .max_chars = 30};
  EXPECT_EQ(WriteOn(Session(model, greedy, all)).text,
            WriteOn(Session::Resume(model, greedy, first.state, {4, 5, 6}).value()).text);
  EXPECT_NE(rest.text, WriteOn(Session::Resume(model, options, first.state, {}).value()).text);
}

TEST_F(SessionResumeTest, OtherSeed_ForksTheText) {
  const ModelPtr model = LettersModel();
  SamplingOptions options = {.seed = 9, .max_chars = 40, .return_state = true};
  const Written first = WriteOn(Session(model, options, {2}));
  const std::string same = WriteOn(Session::Resume(model, options, first.state, {}).value()).text;
  EXPECT_EQ(WriteOn(Session::Resume(model, options, first.state, {}).value()).text, same);
  options.seed = 10;
  const std::string fork = WriteOn(Session::Resume(model, options, first.state, {}).value()).text;
  EXPECT_NE(fork, same);
  EXPECT_EQ(WriteOn(Session::Resume(model, options, first.state, {}).value()).text, fork);
}

TEST_F(SessionResumeTest, TextThatEndedUndrawn_CanBeGoneOnWith) {
  const ModelPtr model = LettersModel();
  SamplingOptions options = {
      .seed = 2, .max_chars = 25, .return_state = true, .pattern = Parsed("()")};
  for (const std::vector<int32_t>& prompt : std::vector<std::vector<int32_t>>{{}, {5}, {5, 6, 2}}) {
    const Written nothing = WriteOn(Session(model, Bound(options, *model), prompt));
    EXPECT_EQ(nothing.reason, FinishReason::kPatternComplete);
    SamplingOptions free = options;
    free.pattern = {};
    EXPECT_EQ(WriteOn(Session::Resume(model, free, nothing.state, {}).value()).text,
              WriteOn(Session(model, free, prompt)).text);
  }
}

TEST_F(SessionResumeTest, InterruptedInThePrompt_HasNoState) {
  const ModelPtr model = LettersModel();
  SingleStream stream(Session(model, {.return_state = true}, {2, 3, 4}));
  std::string text;
  stream.Step(&text);
  stream.session().Interrupt(&text);
  EXPECT_EQ(stream.session().Save(), std::nullopt);
}

TEST_F(SessionResumeTest, PlacesThatThePatternLacks_AreRefused) {
  const ModelPtr model = LettersModel();
  const SamplingOptions options =
      Bound({.max_chars = 3, .return_state = true, .pattern = Parsed("[ab]{9}")}, *model);
  SessionState state = WriteOn(Session(model, options, {})).state;
  EXPECT_TRUE(Session::Resume(model, options, state, {}).ok());
  state.pattern_places = {0};
  EXPECT_EQ(Session::Resume(model, options, state, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace runnel
