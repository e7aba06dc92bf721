// Files that are deleted, by a client or without the server's knowledge.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/core/model/model_testing.h"
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VanishedModelsTest : public ServerTest {
 protected:
  grpc::Status SampleOf(const std::string& model, int* version) {
    v1::SampleRequest request;
    request.set_model(model);
    request.mutable_stop()->set_max_chars(3);
    v1::SampleResponse response;
    const grpc::Status status = Sample(request, &response);
    if (status.ok()) *version = response.samples(0).summary().model_version();
    return status;
  }
  grpc::Status Import() {
    grpc::ClientContext context;
    v1::ImportModelResponse response;
    const auto writer = models_->ImportModel(&context, &response);
    v1::ImportModelRequest request;
    request.set_name("m");
    request.set_chunk("abc");  // too little to be refused as no model's file
    writer->Write(request);
    writer->WritesDone();
    return writer->Finish();
  }
  void ExpectBothRefused() {
    v1::UploadCorpusResponse response;
    for (const grpc::Status& status : {Upload({PlainText(2)}, &response), Import()}) {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
      EXPECT_THAT(status.error_message(), HasSubstr("was removed or replaced"));
      EXPECT_THAT(status.error_message(), Not(HasSubstr(folder_.path())));
    }
  }
};

TEST_F(VanishedModelsTest, NumberOfADeletedVersion_IsNotGivenAgainAfterARestart) {
  TrainModel("m");
  TrainModel("m");
  grpc::ClientContext context;
  v1::DeleteModelRequest request;
  request.set_model("m:2");
  v1::DeleteModelResponse response;
  ASSERT_TRUE(models_->DeleteModel(&context, request, &response).ok());
  StartServer();
  EXPECT_EQ(MustTrain(TinyTraining("m", 5), /*wait=*/true).published_version(), 3);
}

TEST_F(VanishedModelsTest, RemovedFile_IsToldAndAnOlderVersionServed) {
  TrainModel("m");
  TrainModel("m");
  StartServer();
  std::filesystem::remove(VersionPath("m", 2));
  int version = 0;
  const grpc::Status status = SampleOf("m", &version);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(version, 1);
  const grpc::Status gone = SampleOf("m:2", &version);
  EXPECT_EQ(gone.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(gone.error_message(), HasSubstr("its file was removed"));
  EXPECT_THAT(gone.error_message(), Not(HasSubstr(folder_.path())));
}

TEST_F(VanishedModelsTest, RemovedDataFolder_FailsTheJobAndIsNotMadeAgain) {
  TrainModel("m");
  std::filesystem::rename(options_.data_dir, folder_ / "elsewhere");
  const v1::TrainingJob job = MustTrain(TinyTraining("m", 5), /*wait=*/true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_FAILED);
  EXPECT_THAT(job.error(), HasSubstr("was removed or replaced"));
  int version = 0;
  EXPECT_EQ(SampleOf("m:1", &version).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_FALSE(std::filesystem::exists(options_.data_dir));
}

TEST_F(VanishedModelsTest, UploadsAndImports_AreRefusedInRemovedAndReplacedFolders) {
  TrainModel("m");
  StartServer();  // which has not loaded it
  std::filesystem::rename(options_.data_dir, folder_ / "elsewhere");
  ::testing::internal::CaptureStderr();
  ExpectBothRefused();
  int version = 0;
  EXPECT_FALSE(SampleOf("m:1", &version).ok());
  const std::string log = ::testing::internal::GetCapturedStderr();
  for (const char* name : {"models", "corpora", "imports"}) {
    EXPECT_THAT(log, HasSubstr(absl::StrCat("the folder of the ", name, ", "))) << name;
  }
  for (const char* name : {"/corpora", "/imports"}) {
    std::filesystem::create_directories(options_.data_dir + name);
  }
  ExpectBothRefused();
  for (const char* name : {"/corpora", "/imports"}) {
    EXPECT_TRUE(std::filesystem::is_empty(options_.data_dir + name)) << name;
  }
}

TEST_F(VanishedModelsTest, FullDisk_IsToldWithoutThePathOfTheServer) {
  const FullDisk full(0);
  v1::UploadCorpusResponse response;
  for (const grpc::Status& status : {Upload({PlainText(2)}, &response), Import()}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), HasSubstr("cannot write"));
    EXPECT_THAT(status.error_message(), Not(HasSubstr(folder_.path())));
  }
}

}  // namespace
}  // namespace runnel::server
