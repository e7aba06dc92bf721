// Models whose weights are finite and whose logits are not, over the wire.
#include <string>
#include <vector>

#include "core/model/model_file.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

class NotFiniteTest : public ServerTest {
 protected:
  // Imports m:2, which is m:1 with weights near the largest float.
  void ImportHugeWeights() {
    auto model = DecodeModel(testing::ReadFile(VersionPath("m", 1)));
    ASSERT_TRUE(model.ok()) << model.status();
    for (float& weight : model->parameters) weight = weight < 0 ? -2e38f : 2e38f;
    v1::ImportModelRequest request;
    request.set_name("m");
    request.set_chunk(EncodeModel(*model));
    grpc::ClientContext context;
    v1::ImportModelResponse response;
    const auto writer = models_->ImportModel(&context, &response);
    writer->Write(request);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.version().version(), 2);
  }

  static void ExpectTheReason(const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
    EXPECT_EQ(status.error_message(), "model m:2: its weights give logits that are not finite");
  }
};

TEST_F(NotFiniteTest, EveryCall_EndsWithDataLossAndTheReason) {
  TrainModel("m");
  ImportHugeWeights();
  v1::GenerateCharsRequest generate;
  generate.set_model("m:2");
  generate.set_return_state(true);
  std::vector<v1::GenerateCharsResponse> messages;
  ExpectTheReason(Generate(generate, &messages));
  for (const auto& message : messages) EXPECT_FALSE(message.has_summary());

  v1::SampleRequest sample;
  sample.set_model("m:2");
  sample.set_num_samples(3);
  v1::SampleResponse samples;
  ExpectTheReason(Sample(sample, &samples));

  grpc::ClientContext context;
  v1::ScoreResponse score;
  ExpectTheReason(generation_->Score(&context, ScoreOf("m:2", "the quick"), &score));

  sample.set_model("m:1");
  EXPECT_TRUE(Sample(sample, &samples).ok());
}

TEST_F(NotFiniteTest, EveryCallOfABidirectionalModel_EndsWithDataLossAndTheReason) {
  v1::TrainRequest train = TinyTraining("m", 5);
  train.mutable_network()->set_bidirectional(true);
  train.mutable_training()->set_sequence_length(32);
  ASSERT_EQ(MustTrain(train, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  ImportHugeWeights();

  v1::FillBlanksRequest fill;
  fill.set_model("m:2");
  fill.set_text("the qu_ck");
  grpc::ClientContext fill_context;
  v1::FillBlanksResponse filled;
  ExpectTheReason(generation_->FillBlanks(&fill_context, fill, &filled));

  grpc::ClientContext score_context;
  v1::ScoreResponse score;
  ExpectTheReason(generation_->Score(&score_context, ScoreOf("m:2", "the quick"), &score));
}

}  // namespace
}  // namespace runnel::server
