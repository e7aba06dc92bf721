// The options of Sample and GenerateChars over the wire.
#include <re2/re2.h>

#include "core/text/utf8.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GenerationOptionsTest : public ServerTest {
 protected:
  struct Result {
    grpc::Status status;
    std::string text;
    std::vector<v1::GenerateCharsResponse> messages;
    v1::GenerationSummary summary;
  };

  void SetUp() override {
    ServerTest::SetUp();
    TrainModel("m");
    v1::TrainRequest train = TinyTraining("bytes", 3);
    train.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
    ASSERT_EQ(MustTrain(train, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  }

  static v1::GenerateCharsRequest Request(int max_chars) {
    v1::GenerateCharsRequest request;
    request.set_model("m");
    request.set_prompt("the ");
    request.mutable_sampling()->set_seed(42);
    request.mutable_stop()->set_max_chars(max_chars);
    return request;
  }
  Result Write(const v1::GenerateCharsRequest& request) {
    Result result;
    result.status = Generate(request, &result.messages);
    result.text = Joined(result.messages);
    if (!result.messages.empty()) result.summary = result.messages.back().summary();
    return result;
  }
  Result MustWrite(const v1::GenerateCharsRequest& request) {
    Result result = Write(request);
    EXPECT_TRUE(result.status.ok()) << result.status.error_message();
    return result;
  }
  static int64_t Chars(const std::string& text) {
    return static_cast<int64_t>(DecodeUtf8(text).value().size());
  }
};

TEST_F(GenerationOptionsTest, StopSequence_AcrossMessages_IsWithheld) {
  const std::string whole = MustWrite(Request(200)).text;
  v1::GenerateCharsRequest request = Request(200);
  const std::string stop = whole.substr(60, 5);
  request.mutable_stop()->add_stop_sequences("nowhere in it, this");
  request.mutable_stop()->add_stop_sequences(stop);
  request.set_max_chars_per_message(1);
  const size_t before = whole.find(stop);
  Result result = MustWrite(request);
  EXPECT_EQ(result.text, whole.substr(0, before));
  EXPECT_EQ(result.summary.finish_reason(), v1::FINISH_REASON_STOP_SEQUENCE);
  EXPECT_EQ(result.summary.matched_stop(), stop);
  EXPECT_EQ(result.summary.generated_chars(), static_cast<int>(before));
  for (const auto& message : result.messages) EXPECT_LE(message.text().size(), 1u);

  request.mutable_stop()->set_include_stop(true);
  result = MustWrite(request);
  EXPECT_EQ(result.text, whole.substr(0, before + stop.size()));
}

TEST_F(GenerationOptionsTest, StopSequence_ThatNeverCompletes_ChangesNothing) {
  const std::string whole = MustWrite(Request(100)).text;
  v1::GenerateCharsRequest request = Request(100);
  request.mutable_stop()->add_stop_sequences(whole.substr(97) + "and then what never comes");
  const Result result = MustWrite(request);
  EXPECT_EQ(result.text, whole);
  EXPECT_EQ(result.summary.finish_reason(), v1::FINISH_REASON_LENGTH);
  EXPECT_EQ(result.summary.matched_stop(), "");
}

TEST_F(GenerationOptionsTest, Pattern_GivesMatchesAlone) {
  for (const char* model : {"m", "bytes"}) {
    v1::GenerateCharsRequest request = Request(100);
    request.set_model(model);
    request.mutable_sampling()->set_pattern("[a-m]{3}-?( [n-z]{1,5}){2}q");
    for (int seed = 0; seed < 5; ++seed) {
      request.mutable_sampling()->set_seed(seed);
      const Result result = MustWrite(request);
      ASSERT_EQ(result.summary.finish_reason(), v1::FINISH_REASON_PATTERN_COMPLETE) << result.text;
      EXPECT_TRUE(RE2::FullMatch(result.text, "[a-m]{3}-?( [n-z]{1,5}){2}q")) << result.text;
    }
  }
}

TEST_F(GenerationOptionsTest, Pattern_ThatTheVocabularyCannotMatch_IsImpossible) {
  v1::GenerateCharsRequest request = Request(100);
  request.mutable_sampling()->set_pattern("\\d{4}");
  const Result result = MustWrite(request);
  EXPECT_EQ(result.text, "");
  EXPECT_EQ(result.summary.finish_reason(), v1::FINISH_REASON_PATTERN_IMPOSSIBLE);
}

TEST_F(GenerationOptionsTest, Malformed_IsInvalidByField) {
  v1::GenerateCharsRequest request = Request(10);
  request.mutable_sampling()->set_pattern("(");
  EXPECT_THAT(FieldsOf(Generate(request)), ElementsAre("sampling.pattern"));
  request = Request(10);
  request.mutable_sampling()->set_pattern(".{1000}.{1000}.{1000}.{1000}");
  request.set_model("bytes");
  EXPECT_THAT(FieldsOf(Generate(request)), ElementsAre("sampling.pattern"));
  request = Request(10);
  request.set_resume_state("nonsense");
  EXPECT_THAT(FieldsOf(Generate(request)), ElementsAre("resume_state"));
  request = Request(10);
  for (const char c : std::string("\n abcdefghijklmnopqrstuvwxyz")) {
    (*request.mutable_sampling()->mutable_logit_bias())[std::string(1, c)] = -100;
  }
  EXPECT_THAT(FieldsOf(Generate(request)), ElementsAre("sampling.logit_bias"));
}

TEST_F(GenerationOptionsTest, ForbiddenCharacters_AreNeverWritten) {
  v1::GenerateCharsRequest request = Request(300);
  for (const char* character : {" ", "e", "o"}) {
    (*request.mutable_sampling()->mutable_logit_bias())[character] = -100;
  }
  const std::string text = MustWrite(request).text;
  EXPECT_EQ(text.find_first_of(" eo"), std::string::npos);
}

TEST_F(GenerationOptionsTest, Filters_NarrowTheDraw) {
  v1::GenerateCharsRequest greedy = Request(50);
  greedy.mutable_sampling()->set_temperature(0);
  const std::string likeliest = MustWrite(greedy).text;
  v1::GenerateCharsRequest request = Request(50);
  request.mutable_sampling()->set_top_k(1);
  EXPECT_EQ(MustWrite(request).text, likeliest);
  request = Request(50);
  request.mutable_sampling()->set_top_p(1e-6f);
  EXPECT_EQ(MustWrite(request).text, likeliest);
  request = Request(50);
  request.mutable_sampling()->set_min_p(1);
  EXPECT_EQ(MustWrite(request).text, likeliest);
}

TEST_F(GenerationOptionsTest, Logprobs_ComeWithTheirCharactersAndAddUp) {
  for (const char* model : {"m", "bytes"}) {
    for (const int chars_per_message : {0, 1, 7}) {
      v1::GenerateCharsRequest request = Request(120);
      request.set_model(model);
      request.set_top_logprobs(3);
      request.mutable_stop()->add_stop_sequences("qq");
      if (chars_per_message > 0) request.set_max_chars_per_message(chars_per_message);
      const Result result = MustWrite(request);
      double sum = 0;
      for (const auto& message : result.messages) {
        ASSERT_EQ(message.logprobs_size(), Chars(message.text()));
        std::string joined;
        for (const v1::CharLogprob& logprob : message.logprobs()) {
          joined += logprob.character();
          sum += logprob.logprob();
          EXPECT_LE(logprob.alternatives_size(), 3);
          EXPECT_LE(logprob.logprob(), 0);
        }
        ASSERT_EQ(joined, message.text());
      }
      EXPECT_NEAR(sum, result.summary.logprob(), 1e-3);
    }
  }
}

TEST_F(GenerationOptionsTest, ResumedState_GoesOnAsIfNeverStopped) {
  for (const char* model : {"m", "bytes"}) {
    v1::GenerateCharsRequest request = Request(200);
    request.set_model(model);
    request.mutable_sampling()->set_repetition_penalty(1.3f);
    request.mutable_stop()->add_stop_sequences("jumpsoverthe");
    const std::string whole = MustWrite(request).text;
    request.set_return_state(true);
    request.mutable_stop()->set_max_chars(77);
    const Result first = MustWrite(request);
    EXPECT_LT(first.summary.state().size(), 4000u);
    v1::GenerateCharsRequest second = request;
    second.clear_prompt();
    second.mutable_sampling()->clear_seed();
    second.set_resume_state(first.summary.state());
    second.mutable_stop()->set_max_chars(123);
    const Result rest = MustWrite(second);
    EXPECT_EQ(first.text + rest.text, whole);
    EXPECT_EQ(rest.summary.seed(), 42u);
    EXPECT_EQ(rest.summary.prompt_chars(), 0);
    // After a restart of the server, too.
    StartServer();
    EXPECT_EQ(MustWrite(second).text, rest.text);
    second.mutable_sampling()->set_seed(1);
    EXPECT_NE(MustWrite(second).text, rest.text);
    EXPECT_EQ(MustWrite(second).text, MustWrite(second).text);
  }
}

TEST_F(GenerationOptionsTest, ResumedStateOfALaterSample_GoesOnWithTheSummarysSeedToo) {
  v1::SampleRequest whole;
  whole.set_model("m");
  whole.mutable_sampling()->set_seed(42);
  whole.mutable_stop()->set_max_chars(60);
  whole.set_num_samples(3);
  whole.set_return_state(true);
  v1::SampleResponse expected;
  ASSERT_TRUE(Sample(whole, &expected).ok());
  whole.mutable_stop()->set_max_chars(20);
  v1::SampleResponse begun;
  ASSERT_TRUE(Sample(whole, &begun).ok());
  v1::GenerateCharsRequest request = Request(40);
  request.clear_prompt();
  request.set_resume_state(begun.samples(2).summary().state());
  request.mutable_sampling()->clear_seed();
  const std::string rest = MustWrite(request).text;
  EXPECT_EQ(begun.samples(2).text() + rest, expected.samples(2).text());
  request.mutable_sampling()->set_seed(begun.samples(2).summary().seed());
  EXPECT_EQ(MustWrite(request).text, rest);
}

TEST_F(GenerationOptionsTest, ResumedState_OfAnotherVersion_IsAFailedPrecondition) {
  v1::GenerateCharsRequest request = Request(5);
  request.set_return_state(true);
  request.set_resume_state(MustWrite(request).summary.state());
  EXPECT_TRUE(Generate(request).ok());
  TrainModel("m");  // the same weights, another version
  grpc::Status status = Generate(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("resume_state"));
  request.set_model("m:1");
  EXPECT_TRUE(Generate(request).ok());
  request.set_model("bytes");
  EXPECT_EQ(Generate(request).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(GenerationOptionsTest, ResumedState_Damaged_IsInvalid) {
  v1::GenerateCharsRequest request = Request(5);
  request.set_return_state(true);
  const std::string state = MustWrite(request).summary.state();
  for (size_t at = 0; at < state.size(); at += 7) {
    std::string damaged = state;
    damaged[at] ^= 0x10;
    request.set_resume_state(damaged);
    const grpc::Status status = Generate(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(FieldsOf(status), ElementsAre("resume_state"));
  }
}

TEST_F(GenerationOptionsTest, Sample_IsTheSameTextsWithTheSameOptions) {
  v1::GenerateCharsRequest stream = Request(60);
  stream.mutable_sampling()->set_top_p(0.9f);
  stream.mutable_sampling()->set_repetition_penalty(1.2f);
  stream.mutable_stop()->add_stop_sequences("zz");
  stream.set_top_logprobs(2);
  stream.set_return_state(true);
  const Result streamed = MustWrite(stream);

  v1::SampleRequest request;
  request.set_model("m");
  request.set_prompt("the ");
  *request.mutable_sampling() = stream.sampling();
  *request.mutable_stop() = stream.stop();
  request.set_top_logprobs(2);
  request.set_return_state(true);
  request.set_num_samples(3);
  v1::SampleResponse response;
  ASSERT_TRUE(Sample(request, &response).ok());
  ASSERT_EQ(response.samples_size(), 3);
  EXPECT_EQ(response.samples(0).text(), streamed.text);
  EXPECT_EQ(response.samples(0).summary().state(), streamed.summary.state());
  EXPECT_EQ(response.samples(0).summary().logprob(), streamed.summary.logprob());
  for (const v1::SampledText& sample : response.samples()) {
    EXPECT_EQ(sample.logprobs_size(), Chars(sample.text()));
  }

  // Every text continues from the state; the first one is the text that would have followed.
  request.clear_prompt();
  request.mutable_sampling()->clear_seed();
  request.set_resume_state(streamed.summary.state());
  v1::SampleResponse rest;
  ASSERT_TRUE(Sample(request, &rest).ok());
  EXPECT_NE(rest.samples(0).text(), rest.samples(1).text());
  stream.mutable_stop()->set_max_chars(120);
  EXPECT_EQ(streamed.text + rest.samples(0).text(), MustWrite(stream).text);
}

TEST_F(GenerationOptionsTest, BestOf_ReturnsTheLikeliestFirst) {
  v1::SampleRequest request;
  request.set_model("m");
  request.mutable_sampling()->set_seed(5);
  request.mutable_stop()->set_max_chars(30);
  request.mutable_stop()->add_stop_sequences("e");
  request.set_num_samples(12);
  v1::SampleResponse all;
  ASSERT_TRUE(Sample(request, &all).ok());
  std::vector<std::pair<double, std::string>> ranked;
  for (const v1::SampledText& sample : all.samples()) {
    const int chars = sample.summary().generated_chars();
    ranked.emplace_back(chars == 0 ? 1e9 : -static_cast<double>(sample.summary().logprob()) / chars,
                        sample.text());
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  request.set_num_samples(3);
  request.set_best_of(12);
  v1::SampleResponse best;
  ASSERT_TRUE(Sample(request, &best).ok());
  ASSERT_EQ(best.samples_size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(best.samples(i).text(), ranked[i].second);
}

}  // namespace
}  // namespace runnel::server
