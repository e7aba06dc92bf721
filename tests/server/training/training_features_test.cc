// Tests documents, rare characters, fine-tuning and divergence, from the request to the version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/text/utf8.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TrainingFeaturesTest : public ServerTest {
 protected:
  v1::Model GetModel(const std::string& name) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_name(name);
    v1::GetModelResponse response;
    const grpc::Status status = models_->GetModel(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.model();
  }

  // Texts of at most 200 characters.
  v1::SampleResponse MustSample(const std::string& model, const std::string& prompt, int texts) {
    v1::SampleRequest request;
    request.set_model(model);
    request.set_prompt(prompt);
    request.mutable_sampling()->set_seed(1);
    request.mutable_stop()->set_max_chars(200);
    request.set_num_samples(texts);
    v1::SampleResponse response;
    const grpc::Status status = Sample(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(TrainingFeaturesTest, DocumentModel_EndsItsTextsWhereADocumentEnds) {
  v1::TrainRequest train = TinyTraining("names", 400);
  train.mutable_network()->set_document_separator("\n");
  train.mutable_training()->set_learning_rate(0.02f);
  std::string text;
  for (int i = 0; i < 200; ++i) text += i % 2 == 0 ? "anna\n" : "otto\n";
  train.set_text(text);
  const v1::TrainingJob job = MustTrain(train, /*wait=*/true);
  ASSERT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  EXPECT_EQ(job.vocabulary_size(), 5);
  EXPECT_EQ(job.corpus_chars(), 1000);
  EXPECT_EQ(job.network().document_separator(), "\n");
  EXPECT_EQ(GetModel("names").versions(0).network().document_separator(), "\n");

  const v1::SampleResponse response = MustSample("names", "", 20);
  for (const v1::SampledText& sample : response.samples()) {
    EXPECT_EQ(sample.summary().finish_reason(), v1::FINISH_REASON_END_OF_DOCUMENT);
    EXPECT_EQ(sample.summary().generated_chars(), static_cast<int>(sample.text().size()));
    EXPECT_EQ(sample.text().find('\n'), std::string::npos);
  }
  v1::GenerateCharsRequest generate;
  generate.set_model("names");
  generate.mutable_sampling()->set_seed(1);
  std::vector<v1::GenerateCharsResponse> messages;
  ASSERT_TRUE(Generate(generate, &messages).ok());
  EXPECT_EQ(Joined(messages), response.samples(0).text());
  EXPECT_EQ(messages.back().summary().finish_reason(), v1::FINISH_REASON_END_OF_DOCUMENT);
}

TEST_F(TrainingFeaturesTest, CellOfRecipeFast_SuitsTheVocabulary) {
  std::string text;
  for (int i = 0; i < 1001; ++i) AppendUtf8(char32_t{0x4E00} + i, &text);
  v1::TrainRequest train = TinyTraining("chinese", 1);
  train.set_text(text);
  EXPECT_EQ(MustTrain(train, /*wait=*/true).network().cell_type(), v1::CELL_TYPE_RNN_TANH);
  train.mutable_network()->clear_cell_type();
  EXPECT_EQ(MustTrain(train, /*wait=*/true).network().cell_type(), v1::CELL_TYPE_GRU_RESET_AFTER);
  train.set_text(text + text.substr(0, 3));
  train.set_base("chinese:1");
  EXPECT_EQ(MustTrain(train, /*wait=*/true).network().cell_type(), v1::CELL_TYPE_RNN_TANH);
  train.clear_base();
  train.set_text(text.substr(3));
  EXPECT_EQ(MustTrain(train, /*wait=*/true).network().cell_type(), v1::CELL_TYPE_LSTM);
}

TEST_F(TrainingFeaturesTest, RareCharacters_AreReadAndNeverWritten) {
  v1::TrainRequest train = TinyTraining("m", 5);
  train.mutable_network()->set_min_char_count(3);
  train.set_text(PlainText(20) + "\u00E9\u4E16\u4E16");
  const v1::TrainingJob job = MustTrain(train, /*wait=*/true);
  ASSERT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  EXPECT_EQ(job.vocabulary_size(), 29);  // 28 frequent characters
  EXPECT_EQ(job.network().min_char_count(), 3);
  const v1::SampleResponse response = MustSample("m", "\u00E9 Q", 1);
  EXPECT_EQ(response.samples(0).summary().prompt_chars(), 3);
  EXPECT_EQ(response.samples(0).text().size(), 200u);  // ASCII
}

TEST_F(TrainingFeaturesTest, FineTuning_KeepsTheNetworkAndGrowsTheVocabulary) {
  v1::TrainRequest train = TinyTraining("m", 600);
  train.mutable_network()->set_hidden_size(11);
  ASSERT_EQ(MustTrain(train, true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);

  v1::TrainRequest tune = TinyTraining("m", 1);
  tune.clear_network();
  tune.set_base("m");
  tune.set_text(PlainText(20) + "\u00E9");
  const v1::TrainingJob job = MustTrain(tune, true);
  ASSERT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  EXPECT_EQ(job.published_version(), 2);
  EXPECT_EQ(job.network().hidden_size(), 11);
  EXPECT_EQ(job.vocabulary_size(), 29);
  // Fresh weights would begin at ln 29 = 3.4.
  EXPECT_LT(job.progress().loss(), 2.5);
}

TEST_F(TrainingFeaturesTest, FineTuning_OfABidirectionalModel_TakesItsOptions) {
  v1::TrainRequest train = TinyTraining("m", 5);
  train.mutable_network()->set_bidirectional(true);
  ASSERT_EQ(MustTrain(train, true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  v1::TrainRequest tune = TinyTraining("m", 5);
  tune.clear_network();
  tune.set_base("m");
  tune.mutable_training()->set_mask_fraction(0.25f);
  const v1::TrainingJob job = MustTrain(tune, true);
  ASSERT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  EXPECT_TRUE(job.network().bidirectional());
  EXPECT_EQ(job.training().mask_fraction(), 0.25f);
  tune.mutable_training()->set_sample_every_steps(1);
  EXPECT_THAT(FieldsOf(Train(tune)), ElementsAre("training.sample_every_steps"));
}

TEST_F(TrainingFeaturesTest, BaseThatDoesNotFit_IsInvalidByField) {
  TrainModel("m");
  v1::TrainRequest request = TinyTraining("n", 1);
  request.set_base("m");
  EXPECT_TRUE(Train(request).ok());
  request.mutable_network()->set_hidden_size(9);
  request.mutable_network()->set_vocabulary(v1::VOCABULARY_KIND_BYTES);
  const grpc::Status status = Train(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("network.hidden_size", "network.vocabulary"));
  v1::TrainRequest unlike = request;  // breaks two rules of one field, which gets one violation
  unlike.mutable_network()->set_hidden_size(0);
  unlike.mutable_training()->set_mask_fraction(0.2f);
  EXPECT_THAT(FieldsOf(Train(unlike)),
              ElementsAre("network.hidden_size", "training.mask_fraction"));
  request.set_base("missing");
  const grpc::Status missing = Train(request);
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(missing.error_message(), ::testing::StartsWith("base: there is no model missing"));
  request.set_base("m/../x");
  EXPECT_THAT(FieldsOf(Train(request)), ElementsAre("base"));
}

TEST_F(TrainingFeaturesTest, BaseThatIsExchangedWhileItsJobWaits_FailsTheJob) {
  TrainModel("m");
  v1::TrainRequest other = TinyTraining("other", 1);
  other.mutable_network()->set_hidden_size(16);
  ASSERT_EQ(MustTrain(other, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  const v1::TrainingJob first = MustTrain(EndlessTraining("first"), /*wait=*/false);
  v1::TrainRequest tune = TinyTraining("tuned", 1);
  tune.set_base("m");
  const v1::TrainingJob waiting = MustTrain(tune, /*wait=*/false);
  testing::WriteFile(VersionPath("m", 1), testing::ReadFile(VersionPath("other", 1)));
  ASSERT_TRUE(CancelJob(first.id()).ok());
  const v1::TrainingJob ended = WaitForEnd(waiting.id());
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_FAILED);
  EXPECT_THAT(ended.error(), HasSubstr("base: the file of m:1 has been replaced"));
}

TEST_F(TrainingFeaturesTest, DivergedJob_FailsAndLeavesTheVersionsThatThereAre) {
  TrainModel("m");
  v1::TrainRequest train = TinyTraining("m", 2000);
  train.mutable_network()->set_cell_type(v1::CELL_TYPE_RNN_RELU);
  train.mutable_training()->set_optimizer(v1::OPTIMIZER_SGD);
  train.mutable_training()->set_learning_rate(100);
  train.mutable_training()->set_clip_norm(0);
  const v1::TrainingJob job = MustTrain(train, true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_FAILED);
  EXPECT_THAT(job.error(), HasSubstr("training diverged at step "));
  EXPECT_EQ(job.published_version(), 0);
  ASSERT_EQ(GetModel("m").versions_size(), 1);
  EXPECT_EQ(MustSample("m", "the", 1).samples(0).text().size(), 200u);
}

}  // namespace
}  // namespace runnel::server
