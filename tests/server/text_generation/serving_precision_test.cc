// Servers that decode in bf16 or int8, over the wire.
#include "core/math/decode_precision.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DecodePrecisionTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    TrainModel("m");
  }

  // On the same data.
  void RestartWith(DecodePrecision precision) {
    options_.decode_precision = precision;
    StartServer();
  }

  static v1::GenerateCharsRequest Request() {
    v1::GenerateCharsRequest request;
    request.set_model("m");
    request.set_prompt("the ");
    request.mutable_sampling()->set_seed(42);
    request.mutable_stop()->set_max_chars(100);
    request.set_return_state(true);
    return request;
  }
  // The text and, in `summary`, what the server says about it.
  std::string MustWrite(const v1::GenerateCharsRequest& request, v1::GenerationSummary* summary) {
    std::vector<v1::GenerateCharsResponse> messages;
    const grpc::Status status = Generate(request, &messages);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!messages.empty()) *summary = messages.back().summary();
    return Joined(messages);
  }
  double LogprobOf(const std::string& text) {
    v1::ScoreRequest request = ScoreOf("m", text);
    request.set_context("the ");
    return MustScore(request).logprob();
  }
};

TEST_F(DecodePrecisionTest, Text_IsWrittenAndScoredAtThePrecision) {
  const std::string text = PlainText(2);
  const double exact = LogprobOf(text);
  for (const DecodePrecision precision : {DecodePrecision::kBf16, DecodePrecision::kInt8}) {
    RestartWith(precision);
    v1::GenerationSummary summary;
    const std::string written = MustWrite(Request(), &summary);
    EXPECT_EQ(summary.generated_chars(), 100);
    EXPECT_NEAR(LogprobOf(written), summary.logprob(), 1e-3);
    EXPECT_EQ(MustWrite(Request(), &summary), written);
    const double score = LogprobOf(text);
    EXPECT_NE(score, exact) << DecodePrecisionName(precision);
    EXPECT_NEAR(score, exact, 0.01 * static_cast<double>(text.size()));
  }
}

TEST_F(DecodePrecisionTest, ResumedState_OfTheSamePrecision_ContinuesAfterARestart) {
  RestartWith(DecodePrecision::kInt8);
  v1::GenerationSummary summary;
  v1::GenerateCharsRequest request = Request();
  const std::string whole = MustWrite(request, &summary);
  request.mutable_stop()->set_max_chars(40);
  const std::string first = MustWrite(request, &summary);
  StartServer();
  request.set_resume_state(summary.state());
  request.clear_prompt();
  request.mutable_sampling()->clear_seed();
  request.mutable_stop()->set_max_chars(60);
  EXPECT_EQ(first + MustWrite(request, &summary), whole);
}

TEST_F(DecodePrecisionTest, ResumedState_OfAnotherPrecision_IsAFailedPrecondition) {
  v1::GenerationSummary summary;
  v1::GenerateCharsRequest request = Request();
  MustWrite(request, &summary);
  request.set_resume_state(summary.state());
  EXPECT_TRUE(Generate(request).ok());
  RestartWith(DecodePrecision::kInt8);
  const grpc::Status status = Generate(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("resume_state"), HasSubstr("decodes in f32"), HasSubstr("in int8")));
  v1::SampleRequest sample;
  sample.set_model("m");
  sample.set_resume_state(summary.state());
  v1::SampleResponse response;
  EXPECT_EQ(Sample(sample, &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  RestartWith(DecodePrecision::kF32);
  EXPECT_TRUE(Generate(request).ok());
}

TEST_F(DecodePrecisionTest, BidirectionalModel_ScoresInF32) {
  v1::TrainRequest train = TinyTraining("both", 5);
  train.mutable_network()->set_bidirectional(true);
  ASSERT_EQ(MustTrain(train, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  const double exact = MustScore(ScoreOf("both", PlainText(1))).logprob();
  RestartWith(DecodePrecision::kInt8);
  EXPECT_EQ(MustScore(ScoreOf("both", PlainText(1))).logprob(), exact);
}

// Training continues from the weights in the file, not from those packed for decoding.
TEST_F(DecodePrecisionTest, FineTunedModel_HasTheWeightsThatF32TrainingGives) {
  v1::TrainRequest train = TinyTraining("f32", 3);
  train.set_base("m");
  train.clear_network();
  MustTrain(train, /*wait=*/true);
  RestartWith(DecodePrecision::kInt8);
  train.set_model("int8");
  MustTrain(train, /*wait=*/true);
  EXPECT_EQ(MustScore(ScoreOf("int8", PlainText(1))).logprob(),
            MustScore(ScoreOf("f32", PlainText(1))).logprob());
}

}  // namespace
}  // namespace runnel::server
