// Score and FillBlanks over the wire.
#include <cmath>
#include <numbers>
#include <numeric>

#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReadingCallsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    TrainModel("m");
  }

  void TrainBidirectional(const std::string& model, int64_t steps, int hidden_size = 8) {
    v1::TrainRequest request = TinyTraining(model, steps);
    request.mutable_network()->set_bidirectional(true);
    request.mutable_network()->set_hidden_size(hidden_size);
    request.mutable_training()->set_sequence_length(32);
    request.mutable_training()->set_batch_size(8);
    request.mutable_training()->set_learning_rate(0.01f);
    const v1::TrainingJob job = MustTrain(request, /*wait=*/true);
    ASSERT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  }

  static v1::FillBlanksRequest FillOf(const std::string& model, const std::string& text) {
    v1::FillBlanksRequest request;
    request.set_model(model);
    request.set_text(text);
    return request;
  }
  grpc::Status Fill(const v1::FillBlanksRequest& request, v1::FillBlanksResponse* response) {
    grpc::ClientContext context;
    return generation_->FillBlanks(&context, request, response);
  }
  v1::FillBlanksResponse MustFill(const v1::FillBlanksRequest& request) {
    v1::FillBlanksResponse response;
    const grpc::Status status = Fill(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(ReadingCallsTest, Score_TellsTheTextsLikelihoodInAllItsUnits) {
  v1::ScoreRequest request = ScoreOf("m", "the quick");
  v1::ScoreResponse response = MustScore(request);
  EXPECT_EQ(response.scored_chars(), 9);
  EXPECT_LT(response.logprob(), 0);
  EXPECT_NEAR(response.bits_per_char(), -response.logprob() / 9 / std::numbers::ln2, 1e-5);
  EXPECT_NEAR(response.perplexity(), std::exp(-response.logprob() / 9), 1e-3);
  EXPECT_EQ(response.model_version(), 1);
  EXPECT_EQ(response.char_logprobs_size(), 0);

  request.set_per_char(true);
  const v1::ScoreResponse per_char = MustScore(request);
  ASSERT_EQ(per_char.char_logprobs_size(), 9);
  EXPECT_NEAR(
      std::accumulate(per_char.char_logprobs().begin(), per_char.char_logprobs().end(), 0.0),
      response.logprob(), 1e-4);
  EXPECT_EQ(per_char.logprob(), response.logprob());
}

TEST_F(ReadingCallsTest, ScoreOfWhatTheModelWrote_IsTheLogprobOfItsDraw) {
  v1::TrainRequest train = TinyTraining("bytes", 3);
  train.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
  ASSERT_EQ(MustTrain(train, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  for (const char* model : {"m", "bytes"}) {
    for (const char* prompt : {"", "the "}) {
      v1::GenerateCharsRequest generate;
      generate.set_model(model);
      generate.set_prompt(prompt);
      generate.mutable_sampling()->set_seed(5);
      generate.mutable_stop()->set_max_chars(100);
      std::vector<v1::GenerateCharsResponse> messages;
      ASSERT_TRUE(Generate(generate, &messages).ok());
      v1::ScoreRequest request = ScoreOf(model, Joined(messages));
      request.set_context(prompt);
      const v1::ScoreResponse response = MustScore(request);
      EXPECT_EQ(response.scored_chars(), 100);
      EXPECT_NEAR(response.logprob(), messages.back().summary().logprob(), 1e-2)
          << model << " after \"" << prompt << "\"";
    }
  }
}

TEST_F(ReadingCallsTest, UnknownCharacters_AreNamedByFieldOrSkipped) {
  v1::ScoreRequest request = ScoreOf("m", "the é quick");
  request.set_context("dog!");
  v1::ScoreResponse response;
  const grpc::Status status = Score(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("text", "context"));
  EXPECT_THAT(status.error_message(), HasSubstr("é"));
  EXPECT_THAT(status.error_message(), HasSubstr("'!'"));

  request.set_skip_unknown_chars(true);
  request.set_per_char(true);
  const v1::ScoreResponse skipped = MustScore(request);
  EXPECT_EQ(skipped.scored_chars(), 10);
  EXPECT_EQ(skipped.char_logprobs_size(), 10);
  request.set_text("the  quick");
  request.set_context("dog");
  EXPECT_EQ(skipped.logprob(), MustScore(request).logprob());
}

TEST_F(ReadingCallsTest, ScoreRequestsThatCannotBe_NameTheField) {
  v1::ScoreResponse response;
  grpc::Status status = Score(ScoreOf("m", ""), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text: is empty; must have at least one character");
  EXPECT_THAT(FieldsOf(status), ElementsAre("text"));

  v1::ScoreRequest unknown = ScoreOf("m", "é!");
  unknown.set_skip_unknown_chars(true);
  status = Score(unknown, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text: has no character that the model knows");

  status = Score(ScoreOf("M!", "a"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("model"));
  EXPECT_EQ(Score(ScoreOf("nobody", "a"), &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReadingCallsTest, TextOfMoreCharactersThanTheServerTakes_IsInvalid) {
  options_.max_chars = 100;
  StartServer();
  v1::ScoreRequest request = ScoreOf("m", std::string(90, 'a'));
  request.set_context("0123456789");
  request.set_skip_unknown_chars(true);
  MustScore(request);
  request.set_context("0123456789é");
  v1::ScoreResponse response;
  grpc::Status status = Score(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text: has 101 characters with its context; at most 100");
  v1::FillBlanksResponse filled;
  status = Fill(FillOf("m", std::string(101, '_')), &filled);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text: has 101 characters; at most 100");
}

TEST_F(ReadingCallsTest, BidirectionalModel_FillsBlanksFromBothSides) {
  TrainBidirectional("b", 600, 24);
  v1::FillBlanksRequest request = FillOf("b", "the qu_ck brown fox jumps _ver the lazy d_g");
  request.set_candidates(3);
  const v1::FillBlanksResponse response = MustFill(request);
  EXPECT_EQ(response.text(), "the quick brown fox jumps over the lazy dog");
  EXPECT_EQ(response.model_version(), 1);
  ASSERT_EQ(response.blanks_size(), 3);
  EXPECT_EQ(response.blanks(0).position(), 6);
  EXPECT_EQ(response.blanks(1).position(), 26);
  EXPECT_EQ(response.blanks(2).position(), 41);
  for (const v1::FilledBlank& blank : response.blanks()) {
    ASSERT_EQ(blank.candidates_size(), 3);
    EXPECT_LE(blank.candidates(0).logprob(), 0);
    EXPECT_GE(blank.candidates(0).logprob(), blank.candidates(1).logprob());
    EXPECT_GE(blank.candidates(1).logprob(), blank.candidates(2).logprob());
  }
  EXPECT_EQ(response.blanks(0).candidates(0).character(), "i");
}

TEST_F(ReadingCallsTest, BlankOfAnotherCharacter_MayBeOneTheModelKnows) {
  TrainBidirectional("b", 5);
  v1::FillBlanksRequest request = FillOf("b", "the qu\u00E9ck");
  request.set_blank("\u00E9");
  v1::FillBlanksResponse response = MustFill(request);
  ASSERT_EQ(response.blanks_size(), 1);
  EXPECT_EQ(response.blanks(0).position(), 6);
  EXPECT_EQ(response.blanks(0).candidates_size(), 5);  // the default
  request.set_blank("e");
  request.set_text("the dog");
  request.set_candidates(1000);
  response = MustFill(request);
  ASSERT_EQ(response.blanks_size(), 1);
  EXPECT_EQ(response.blanks(0).position(), 2);
  double sum = 0;
  for (const auto& candidate : response.blanks(0).candidates())
    sum += std::exp(candidate.logprob());
  EXPECT_NEAR(sum, 1, 1e-4);  // the whole vocabulary
}

TEST_F(ReadingCallsTest, CharactersTheModelHoldsForUnknown_StayInTheFilledText) {
  v1::TrainRequest train = TinyTraining("b", 5);
  train.mutable_network()->set_bidirectional(true);
  train.mutable_network()->set_min_char_count(2);
  ASSERT_EQ(MustTrain(train, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  const v1::FillBlanksResponse response = MustFill(FillOf("b", "caf\u20AC _\u20AC_ end"));
  ASSERT_EQ(response.blanks_size(), 2);
  const std::string& text = response.text();
  EXPECT_THAT(text, ::testing::StartsWith("caf\u20AC "));
  EXPECT_THAT(text, ::testing::EndsWith(" end"));
  EXPECT_EQ(text.size(), std::string("caf\u20AC _\u20AC_ end").size());
  EXPECT_EQ(text.substr(8, 3), "\u20AC");
  EXPECT_EQ(text.find('_'), std::string::npos);
}

TEST_F(ReadingCallsTest, FillRequestsThatCannotBe_NameTheField) {
  TrainBidirectional("b", 1);
  struct Case {
    const char* field;
    const char* message;
    v1::FillBlanksRequest request;
  };
  std::vector<Case> cases = {
      {"text", "text: has no blank, which is marked by '_'", FillOf("b", "the dog")},
      {"text", "text: has no blank", FillOf("b", "")},
      {"text", "text: has 1001 blanks; at most 1000", FillOf("b", std::string(1001, '_'))},
      {"text", "text: has characters the model never saw: 'X'", FillOf("b", "X_")},
      {"blank", "blank: has 2 characters; must be one", FillOf("b", "a_")},
      {"candidates", "candidates: is 0; must be 1 or more", FillOf("b", "a_")},
      {"candidates", "candidates: is -1; must be 1 or more", FillOf("b", "a_")},
  };
  cases[4].request.set_blank("__");
  cases[5].request.set_candidates(0);
  cases[6].request.set_candidates(-1);
  for (const Case& bad : cases) {
    v1::FillBlanksResponse response;
    const grpc::Status status = Fill(bad.request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << bad.message;
    EXPECT_THAT(status.error_message(), ::testing::StartsWith(bad.message));
    EXPECT_THAT(FieldsOf(status), ElementsAre(bad.field));
  }
  v1::FillBlanksResponse response;
  EXPECT_EQ(Fill(FillOf("nobody", "a_"), &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReadingCallsTest, WhatAModelOfTheOtherKindDoes_IsAFailedPreconditionThatSaysWhatToCall) {
  TrainBidirectional("b", 1);
  v1::FillBlanksResponse filled;
  grpc::Status status = Fill(FillOf("m", "a_"), &filled);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("m:1 is one-directional"));
  EXPECT_THAT(status.error_message(), HasSubstr("network.bidirectional"));

  v1::GenerateCharsRequest generate;
  generate.set_model("b");
  v1::SampleRequest sample;
  sample.set_model("b");
  v1::SampleResponse sampled;
  for (const grpc::Status& refused : {Generate(generate), Sample(sample, &sampled)}) {
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(refused.error_message(), HasSubstr("b:1 is bidirectional"));
    EXPECT_THAT(refused.error_message(), HasSubstr("FillBlanks"));
    EXPECT_THAT(refused.error_message(), HasSubstr("Score"));
  }
}

TEST_F(ReadingCallsTest, BidirectionalScore_PrefersWhatTheModelLearned) {
  TrainBidirectional("b", 600, 24);
  const v1::ScoreResponse learned =
      MustScore(ScoreOf("b", "the quick brown fox jumps over the lazy dog"));
  EXPECT_EQ(learned.scored_chars(), 43);
  const v1::ScoreResponse other =
      MustScore(ScoreOf("b", "eht kciuq nworb xof spmuj revo eht yzal god"));
  EXPECT_LT(learned.perplexity(), 1.5);
  EXPECT_GT(other.perplexity(), 2 * learned.perplexity());
}

TEST_F(ReadingCallsTest, BidirectionalJob_TellsItsMaskFractionAndItsModelSurvivesTheServer) {
  TrainBidirectional("b", 50);
  v1::ListTrainingJobsResponse listed;
  grpc::ClientContext context;
  ASSERT_TRUE(jobs_->ListTrainingJobs(&context, v1::ListTrainingJobsRequest(), &listed).ok());
  EXPECT_EQ(listed.jobs(0).training().mask_fraction(), 0.15f);
  EXPECT_TRUE(listed.jobs(0).network().bidirectional());
  const double logprob = MustScore(ScoreOf("b", "the quick brown fox")).logprob();
  StartServer();
  EXPECT_EQ(MustScore(ScoreOf("b", "the quick brown fox")).logprob(), logprob);
}

TEST_F(ReadingCallsTest, ManyCallsAtATime_EachGetsTheAnswerItWouldGetAlone) {
  TrainBidirectional("b", 5);
  const std::string text = PlainText(20);
  const v1::ScoreResponse forward = MustScore(ScoreOf("m", text));
  const v1::ScoreResponse both = MustScore(ScoreOf("b", text));
  const std::string filled = MustFill(FillOf("b", "the _uick _rown f_x")).text();
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] {
      EXPECT_EQ(MustScore(ScoreOf("m", text)).logprob(), forward.logprob());
      EXPECT_EQ(MustScore(ScoreOf("b", text)).logprob(), both.logprob());
      EXPECT_EQ(MustFill(FillOf("b", "the _uick _rown f_x")).text(), filled);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(ReadingCallsTest, CancelledCalls_StopTheirWork) {
  TrainBidirectional("b", 1, 64);
  const std::string text = PlainText(20'000);  // seconds of work at least
  for (const char* model : {"m", "b"}) {
    grpc::ClientContext context;
    v1::ScoreResponse response;
    std::thread caller([&] {
      EXPECT_EQ(generation_->Score(&context, ScoreOf(model, text), &response).error_code(),
                grpc::StatusCode::CANCELLED);
    });
    EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 1; }));
    context.TryCancel();
    caller.join();
    EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 0; }));
  }
  grpc::ClientContext context;
  v1::FillBlanksResponse response;
  std::string blanks;
  for (int i = 0; i < 1000; ++i) blanks += "the _";
  std::thread caller([&] {
    EXPECT_EQ(generation_->FillBlanks(&context, FillOf("b", blanks), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 1; }));
  context.TryCancel();
  caller.join();
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 0; }));
}

TEST_F(ReadingCallsTest, TooManyTexts_AreResourceExhausted) {
  options_.max_streams = 1;
  StartServer();
  grpc::ClientContext context;
  v1::ScoreResponse response;
  std::thread caller([&] {
    EXPECT_EQ(generation_->Score(&context, ScoreOf("m", PlainText(20'000)), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 1; }));
  v1::ScoreResponse second;
  const grpc::Status status = Score(ScoreOf("m", "a"), &second);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  context.TryCancel();
  caller.join();
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 0; }));
  MustScore(ScoreOf("m", "a"));
}

TEST_F(ReadingCallsTest, Shutdown_EndsALongScoreAsUnavailable) {
  v1::ScoreResponse response;
  std::thread caller([&] {
    EXPECT_EQ(Score(ScoreOf("m", PlainText(20'000)), &response).error_code(),
              grpc::StatusCode::UNAVAILABLE);
  });
  EXPECT_TRUE(Eventually([&] { return server_->active_texts() == 1; }));
  server_ = nullptr;
  caller.join();
}

TEST_F(ReadingCallsTest, StateOfAScore_IsPartOfItsMemory) {
  MemoryBudget& memory = server_->parts().text_memory;
  const auto bytes_needed = [&](int hidden) {
    v1::TrainRequest training = TinyTraining("sized", 1);
    training.mutable_network()->set_hidden_size(hidden);
    EXPECT_EQ(MustTrain(training, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
    const auto held = memory.Take(memory.bytes_max(), "the test");
    grpc::ClientContext context;
    v1::ScoreResponse response;
    return BytesNeeded(generation_->Score(&context, ScoreOf("sized", "the "), &response));
  };
  EXPECT_GE(bytes_needed(40) - bytes_needed(8), 32 * 4);
}

TEST_F(ReadingCallsTest, CandidatesOfBlanks_ArePartOfTheirMemory) {
  TrainBidirectional("both", 1);
  MemoryBudget& memory = server_->parts().text_memory;
  const auto bytes_needed = [&](int candidates) {
    v1::FillBlanksRequest request = FillOf("both", "the _ an_");
    request.set_candidates(candidates);
    v1::FillBlanksResponse response;
    const auto held = memory.Take(memory.bytes_max(), "the test");
    return BytesNeeded(Fill(request, &response));
  };
  EXPECT_GE(bytes_needed(12) - bytes_needed(2), 2 * 10 * 80);
}

}  // namespace
}  // namespace runnel::server
