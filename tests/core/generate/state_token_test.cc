#include "core/generate/state_token.h"

#define XXH_INLINE_ALL
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/generate/single_stream.h"
#include "core/text/utf8.h"
#include "tests/core/generate/written_text.h"
#include "tests/core/pattern/parsed.h"

namespace runnel {
namespace {

SessionState SomeState(const LanguageModel& model) {
  SessionState state = {.seed = 1, .sample_index = 2, .position = 3};
  state.state.assign(model.decoder->state_size(), 0.5f);
  state.last_symbol = 4;
  state.recent = {U'a', U'\u4E16'};
  state.held = {{U'b', -1.5}, {U'\u00E9', 0}};
  state.pattern_fingerprint = 99;
  state.pattern_places = {3, 5, 8};
  state.pattern_accepts = true;
  return state;
}

// A token whose checksum is right, whatever it says.
std::string Resealed(std::string token) {
  const uint64_t checksum = XXH3_64bits(token.data() + 12, token.size() - 12);
  for (int i = 0; i < 8; ++i) token[4 + i] = static_cast<char>(checksum >> 8 * i);
  return token;
}

TEST(StateToken, Decoded_IsWhatWasEncoded) {
  for (const ModelPtr& model : {LettersModel(), RandomModel(Vocabulary::Bytes())}) {
    SessionState state = SomeState(*model);
    if (model->vocabulary.size() == 256) {
      state.partial = "\xE4\xB8";
      state.partial_logprob = -2;
    }
    const std::string token = EncodeStateToken(state, *model);
    EXPECT_LT(token.size(), 400u);
    const auto decoded = DecodeStateToken(token, *model);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, state);
  }
}

TEST(StateToken, OfAnotherModel_IsAFailedPrecondition) {
  const ModelPtr model = LettersModel();
  const ModelPtr other = RandomModel(model->vocabulary, /*digest=*/7);
  const std::string token = EncodeStateToken(SomeState(*model), *model);
  const absl::Status status = DecodeStateToken(token, *other).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "resume_state belongs to another model or version");
}

TEST(StateToken, OfAnotherRelease_IsAFailedPrecondition) {
  const ModelPtr model = LettersModel();
  std::string token = EncodeStateToken(SomeState(*model), *model);
  token[12] ^= 0x40;
  EXPECT_EQ(DecodeStateToken(Resealed(token), *model).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(StateToken, OfAnotherPrecision_IsAFailedPreconditionThatNamesBoth) {
  for (const DecodePrecision made : kDecodePrecisions) {
    const ModelPtr maker = LettersModel(made);
    const std::string token = EncodeStateToken(SomeState(*maker), *maker);
    for (const DecodePrecision precision : kDecodePrecisions) {
      const absl::Status status = DecodeStateToken(token, *LettersModel(precision)).status();
      if (precision == made) {
        EXPECT_TRUE(status.ok()) << status;
      } else {
        EXPECT_EQ(status, absl::FailedPreconditionError(
                              absl::StrCat("resume_state was made by a server that decodes in ",
                                           DecodePrecisionName(made), "; this one decodes in ",
                                           DecodePrecisionName(precision))));
      }
    }
  }
}

TEST(StateToken, OfAnUnknownPrecision_IsAFailedPrecondition) {
  const ModelPtr model = LettersModel();
  std::string token = EncodeStateToken(SomeState(*model), *model);
  token[29] = 0x40;
  EXPECT_EQ(DecodeStateToken(Resealed(token), *model).status(),
            absl::FailedPreconditionError("resume_state was made by a server that decodes in "
                                          "another precision; this one decodes in f32"));
}

TEST(StateToken, TruncatedOrFlipped_IsInvalid) {
  const ModelPtr model = LettersModel();
  const std::string token = EncodeStateToken(SomeState(*model), *model);
  for (size_t size = 0; size < token.size(); ++size) {
    EXPECT_EQ(DecodeStateToken(token.substr(0, size), *model).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (size_t bit = 0; bit < 8 * token.size(); ++bit) {
    std::string flipped = token;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_EQ(DecodeStateToken(flipped, *model).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(DecodeStateToken(token + "x", *model).ok());
  EXPECT_FALSE(DecodeStateToken(Resealed(token + "x"), *model).ok());
}

TEST(StateToken, SensibleOnlyInItsBytes_IsInvalid) {
  const ModelPtr letters = LettersModel();
  const ModelPtr bytes = RandomModel(Vocabulary::Bytes());
  const auto code = [](const ModelPtr& model, const auto& change) {
    SessionState state = SomeState(*model);
    change(&state);
    return DecodeStateToken(EncodeStateToken(state, *model), *model).status().code();
  };
  constexpr auto kOk = absl::StatusCode::kOk;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code(letters, [](SessionState*) {}), kOk);
  EXPECT_EQ(code(letters, [](auto* s) { s->state.pop_back(); }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->state[3] = std::nanf(""); }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->last_symbol = 8; }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->last_symbol = -1; }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->recent.assign(65, U'a'); }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->recent[0] = 0xD800; }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->partial = "\xC3"; }), kInvalid);
  EXPECT_EQ(code(bytes, [](auto* s) { s->partial = "\xC3"; }), kOk);
  EXPECT_EQ(code(bytes, [](auto* s) { s->partial = "\xC3\xA9"; }), kInvalid);
  EXPECT_EQ(code(bytes, [](auto* s) { s->partial = "\xFF"; }), kInvalid);
  EXPECT_EQ(code(bytes, [](auto* s) { s->partial_logprob = 1; }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->held.assign(4097, {U'a', 0}); }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->held[0].character = 0x110000; }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->held[0].logprob = std::nan(""); }), kInvalid);
  EXPECT_EQ(code(letters, [](auto* s) { s->pattern_places = {5, 3}; }), kInvalid);
}

// Tokens with right checksums and random changes: refused, or a text that ends as it should.
TEST(StateToken, RandomlyChangedAndSealedAgain_NeverDoesHarm) {
  std::mt19937 random(3);
  int resumed = 0;
  for (const ModelPtr& model : {LettersModel(), RandomModel(Vocabulary::Bytes())}) {
    SamplingOptions options = {.max_chars = 30, .return_state = true};
    options.pattern = Parsed("(?s)[a-d\xC3\xA9\xE4\xB8\x96]*.?.?[a-c]*");
    options.stops = StopSequences::Create({"ab\xC3\xA9", "\xC3\xA9\xC3\xA9"}).value();
    options = Bound(options, *model);
    SingleStream stream(Session(model, options, {2, 3}));
    std::string text;
    for (int i = 0; i < 8; ++i) stream.Step(&text);
    stream.session().Interrupt(&text);
    const std::string token = EncodeStateToken(*stream.session().Save(), *model);
    for (int i = 0; i < 6000; ++i) {
      std::string changed = token;
      for (uint32_t j = 1 + random() % 3; j-- > 0;) {
        const size_t at = 30 + random() % (changed.size() - 30);
        if (random() % 8 == 0) {
          changed.erase(at, 1 + random() % 4);
        } else {
          changed[at] = static_cast<char>(random() % 2 == 0 ? random() : random() % 16);
        }
      }
      const auto state = DecodeStateToken(Resealed(changed), *model);
      if (!state.ok()) continue;
      auto session = Session::Resume(model, options, *state, {});
      if (!session.ok()) continue;
      ++resumed;
      const std::string written = SingleStream(*std::move(session)).WriteAll();
      ASSERT_TRUE(DecodeUtf8(written).ok());
    }
  }
  EXPECT_GT(resumed, 500);
}

}  // namespace
}  // namespace runnel
