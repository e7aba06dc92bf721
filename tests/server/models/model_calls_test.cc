// Tests ModelService over the wire.
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ModelCallsTest : public ServerTest {
 protected:
  grpc::Status List(const v1::ListModelsRequest& request, v1::ListModelsResponse* response) {
    grpc::ClientContext context;
    return models_->ListModels(&context, request, response);
  }
  grpc::Status Get(const std::string& name, v1::GetModelResponse* response) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_name(name);
    return models_->GetModel(&context, request, response);
  }
  grpc::Status Delete(const std::string& model) {
    grpc::ClientContext context;
    v1::DeleteModelRequest request;
    request.set_model(model);
    v1::DeleteModelResponse response;
    return models_->DeleteModel(&context, request, &response);
  }
};

TEST_F(ModelCallsTest, List_GivesModelsByNameInPages) {
  for (const char* name : {"c", "a", "b"}) TrainModel(name);
  v1::ListModelsRequest request;
  request.set_page_size(2);
  v1::ListModelsResponse response;
  ASSERT_TRUE(List(request, &response).ok());
  ASSERT_EQ(response.models_size(), 2);
  EXPECT_EQ(response.models(0).name(), "a");
  EXPECT_EQ(response.models(1).name(), "b");
  request.set_page_token(response.next_page_token());
  response.Clear();
  ASSERT_TRUE(List(request, &response).ok());
  ASSERT_EQ(response.models_size(), 1);
  EXPECT_EQ(response.models(0).name(), "c");
  EXPECT_EQ(response.next_page_token(), "");
}

TEST_F(ModelCallsTest, List_WithBadPaging_IsInvalid) {
  v1::ListModelsResponse response;
  v1::ListModelsRequest request;
  request.set_page_size(-1);
  EXPECT_THAT(FieldsOf(List(request, &response)), ElementsAre("page_size"));
  request.set_page_size(501);
  EXPECT_THAT(FieldsOf(List(request, &response)), ElementsAre("page_size"));
  request.set_page_size(0);
  request.set_page_token("../x");
  EXPECT_THAT(FieldsOf(List(request, &response)), ElementsAre("page_token"));
}

TEST_F(ModelCallsTest, Get_TakesBareNamesAlone) {
  TrainModel("m");
  v1::GetModelResponse response;
  EXPECT_TRUE(Get("m", &response).ok());
  EXPECT_EQ(response.model().versions_size(), 1);
  EXPECT_EQ(Get("nobody", &response).error_code(), grpc::StatusCode::NOT_FOUND);
  for (const char* name : {"", "m:1", "../m"}) {
    const grpc::Status status = Get(name, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(FieldsOf(status), ElementsAre("name"));
  }
}

TEST_F(ModelCallsTest, VersionOfAnotherProcess_IsServedSoon) {
  TrainModel("m");
  const auto other = ModelStore::Open(options_.data_dir + "/models", {}).value();
  const StoredVersion stored = other->Read({.name = "m"}).value();
  ASSERT_EQ(other->Publish("m", stored.data)->version, 2);
  ASSERT_EQ(other->Publish("other", stored.data)->version, 1);
  for (const char* reference : {"m:2", "other"}) {
    EXPECT_TRUE(Eventually([&] {
      v1::SampleRequest request;
      request.set_model(reference);
      request.mutable_stop()->set_max_chars(1);
      v1::SampleResponse response;
      return Sample(request, &response).ok();
    })) << reference;
  }
  EXPECT_EQ(MustTrain(TinyTraining("m", 1), /*wait=*/true).published_version(), 3);
}

// No budget knows these requests while they are answered.
TEST_F(ModelCallsTest, RequestOfSeveralKilobytes_IsTakenAndALargerOneRefused) {
  for (const int bytes : {60 << 10, 70 << 10}) {
    const bool is_small = bytes < 64 << 10;
    const std::string text(static_cast<size_t>(bytes), 'a');
    const auto expect = [&](const grpc::Status& status) {
      EXPECT_FALSE(status.ok());
      EXPECT_EQ(absl::StrContains(status.error_message(), "the request has"), !is_small)
          << status.error_message();
    };
    const auto end_of = [](const auto& reader, auto response) {
      EXPECT_FALSE(reader->Read(&response));
      return reader->Finish();
    };
    grpc::ClientContext contexts[4];
    v1::ListModelsRequest list;
    list.set_page_token(text);
    v1::ListModelsResponse models;
    expect(models_->ListModels(&contexts[0], list, &models));
    v1::ExportModelRequest exported;
    exported.set_model(text);
    expect(end_of(models_->ExportModel(&contexts[1], exported), v1::ExportModelResponse()));
    v1::GetTrainingJobRequest get;
    get.set_id(text);
    v1::GetTrainingJobResponse job;
    expect(jobs_->GetTrainingJob(&contexts[2], get, &job));
    v1::WatchTrainingJobRequest watch;
    watch.set_id(text);
    expect(end_of(jobs_->WatchTrainingJob(&contexts[3], watch), v1::WatchTrainingJobResponse()));
  }
}

TEST_F(ModelCallsTest, Delete_TakesAVersionOrTheWholeModel) {
  TrainModel("m");
  TrainModel("m");
  EXPECT_TRUE(Delete("m:1").ok());
  EXPECT_EQ(Delete("m:1").error_code(), grpc::StatusCode::NOT_FOUND);
  v1::GetModelResponse response;
  ASSERT_TRUE(Get("m", &response).ok());
  ASSERT_EQ(response.model().versions_size(), 1);
  EXPECT_EQ(response.model().versions(0).version(), 2);
  EXPECT_TRUE(Delete("m").ok());
  EXPECT_EQ(Get("m", &response).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Delete("m").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(FieldsOf(Delete("../m")), ElementsAre("model"));
}

TEST_F(ModelCallsTest, DamagedFile_IsListedWithItsDamageAndOthersAreServed) {
  TrainModel("good");
  TrainModel("bad");
  server_ = nullptr;
  const std::string bytes = testing::ReadFile(VersionPath("bad", 1));
  testing::WriteFile(VersionPath("bad", 1), bytes.substr(0, bytes.size() / 2));
  StartServer();
  v1::GetModelResponse response;
  ASSERT_TRUE(Get("bad", &response).ok());
  EXPECT_THAT(response.model().versions(0).damage(), Not(IsEmpty()));
  v1::GenerateCharsRequest request;
  request.set_model("bad");
  EXPECT_EQ(Generate(request).error_code(), grpc::StatusCode::DATA_LOSS);
  request.set_model("good");
  EXPECT_TRUE(Generate(request).ok());
}

TEST_F(ModelCallsTest, FileDamagedInItsWeights_IsDataLossWhenItIsUsed) {
  TrainModel("bad");
  server_ = nullptr;
  std::string bytes = testing::ReadFile(VersionPath("bad", 1));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  testing::WriteFile(VersionPath("bad", 1), bytes);
  StartServer();
  v1::GenerateCharsRequest request;
  request.set_model("bad");
  const grpc::Status status = Generate(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), HasSubstr("bad:1"));
}

TEST_F(ModelCallsTest, WhatComesLater_IsUnimplemented) {
  grpc::ClientContext label_context;
  v1::SetModelLabelResponse label;
  EXPECT_EQ(models_->SetModelLabel(&label_context, v1::SetModelLabelRequest(), &label).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace runnel::server
