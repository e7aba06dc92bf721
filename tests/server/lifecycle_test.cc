// How a server starts and ends.
#include <chrono>
#include <future>

#include "tests/server/generic_call.h"
#include "tests/server/server_fixture.h"
#include "tests/testing/sanitizer.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;

class LifecycleTest : public ServerTest {
 protected:
  v1::GenerateCharsRequest LongText() {
    v1::GenerateCharsRequest request;
    request.set_model("m");
    request.mutable_stop()->set_max_chars(1'000'000);
    return request;
  }
};

grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service,
                         std::string* response) {
  std::string request;  // grpc.health.v1.HealthCheckRequest: field 1, a string
  if (!service.empty()) {
    request = "\x0A" + std::string(1, static_cast<char>(service.size())) + service;
  }
  return GenericCall(channel, "/grpc.health.v1.Health/Check").Exchange(request, response);
}

TEST_F(LifecycleTest, Health_IsServingForEveryService) {
  for (const char* service : {"", "runnel.v1.TextGenerationService", "runnel.v1.TrainingJobService",
                              "runnel.v1.ModelService"}) {
    std::string response;
    ASSERT_TRUE(CheckHealth(channel_, service, &response).ok()) << service;
    EXPECT_EQ(response, "\x08\x01") << service;  // status: SERVING
  }
  std::string response;
  EXPECT_EQ(CheckHealth(channel_, "nobody", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(LifecycleTest, Reflection_ListsTheServices) {
  GenericCall call(channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  std::string response;
  EXPECT_TRUE(call.Exchange("\x3A\x01*", &response).ok());  // field 7, list_services: "*"
  for (const char* service : {"runnel.v1.TextGenerationService", "runnel.v1.TrainingJobService",
                              "runnel.v1.ModelService", "grpc.health.v1.Health"}) {
    EXPECT_THAT(response, HasSubstr(service));
  }
}

TEST_F(LifecycleTest, PortInUse_IsAClearError) {
  const testing::TemporaryFolder other;
  ServerOptions options = options_;
  options.data_dir = other.path();
  options.listen = server_->address();
  const auto second = Server::Start(options);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("cannot listen on " + server_->address()));
}

TEST_F(LifecycleTest, DataFolderInUse_IsAClearError) {
  const auto second = Server::Start(options_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another process is using"));
}

TEST_F(LifecycleTest, DataFolderThatCannotBeMade_IsAClearError) {
  testing::WriteFile(folder_ / "file", "");
  options_.data_dir = folder_ / "file" + "/data";
  const auto server = Server::Start(options_);
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("cannot make the folder"));
}

TEST_F(LifecycleTest, CorpusFolderThatIsNone_IsAClearError) {
  testing::WriteFile(folder_ / "file", "");
  for (const char* name : {"missing", "file"}) {
    ServerOptions options = options_;
    options.corpus_dir = folder_ / name;
    const auto server = Server::Start(options);
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(server.status().message(), "--corpus-dir: there is no folder " + options.corpus_dir);
  }
}

TEST_F(LifecycleTest, Drain_DoesNotWaitForAnIdleUpload) {
  options_.drain_seconds = 60;
  StartServer();
  grpc::ClientContext context;
  v1::UploadCorpusResponse response;
  const auto writer = jobs_->UploadCorpus(&context, &response);
  v1::UploadCorpusRequest request;
  request.set_chunk("half a te");
  ASSERT_TRUE(writer->Write(request));
  const std::filesystem::path corpora(options_.data_dir + "/corpora");
  ASSERT_TRUE(Eventually([&] { return !std::filesystem::is_empty(corpora); }));
  const auto begin = std::chrono::steady_clock::now();
  server_->Drain();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(kSanitizer ? 20 : 8));
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(std::filesystem::is_empty(corpora));
}

TEST_F(LifecycleTest, Drain_EndsARunningTextWithASummary) {
  TrainModel("m");
  grpc::ClientContext context;
  const auto reader = generation_->GenerateChars(&context, LongText());
  v1::GenerateCharsResponse message;
  ASSERT_TRUE(reader->Read(&message));
  const auto drained = std::async(std::launch::async, [&] { server_->Drain(); });
  int64_t chars = static_cast<int64_t>(message.text().size());
  while (reader->Read(&message)) chars += static_cast<int64_t>(message.text().size());
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_code() << ": " << status.error_message();
  EXPECT_EQ(message.summary().finish_reason(), v1::FINISH_REASON_DRAINING);
  EXPECT_EQ(message.summary().generated_chars(), chars);
  drained.wait();
}

TEST_F(LifecycleTest, Drain_LetsAShortTextFinish) {
  options_.drain_seconds = 60;
  StartServer();
  TrainModel("m");
  v1::GenerateCharsRequest request = LongText();
  request.mutable_stop()->set_max_chars(20'000);
  grpc::ClientContext context;
  const auto reader = generation_->GenerateChars(&context, request);
  v1::GenerateCharsResponse message;
  ASSERT_TRUE(reader->Read(&message));
  const auto drained = std::async(std::launch::async, [&] { server_->Drain(); });
  while (reader->Read(&message)) continue;
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(message.summary().finish_reason(), v1::FINISH_REASON_LENGTH);
  drained.wait();
}

TEST_F(LifecycleTest, Drain_CancelsTrainingAndTellsThoseWhoWait) {
  v1::TrainRequest request = EndlessTraining("m");
  const v1::TrainingJob job = MustTrain(request, /*wait=*/false);
  grpc::ClientContext context;
  v1::WatchTrainingJobRequest watch;
  watch.set_id(job.id());
  watch.set_from_start(true);
  const auto reader = jobs_->WatchTrainingJob(&context, watch);
  v1::WatchTrainingJobResponse message;
  ASSERT_TRUE(reader->Read(&message));
  const v1::TrainingJob queued = MustTrain(request, /*wait=*/false);
  grpc::ClientContext queued_context;
  watch.set_id(queued.id());
  const auto queued_reader = jobs_->WatchTrainingJob(&queued_context, watch);
  queued_reader->WaitForInitialMetadata();

  const auto drained = std::async(std::launch::async, [&] { server_->Drain(); });
  for (const auto& following : {reader.get(), queued_reader.get()}) {
    while (following->Read(&message)) continue;
    EXPECT_TRUE(following->Finish().ok());
    EXPECT_EQ(message.ended_job().state(), v1::TRAINING_JOB_STATE_CANCELLED);
    EXPECT_EQ(message.ended_job().error(), "the server shut down");
    EXPECT_EQ(message.ended_job().published_version(), 0);
  }
  drained.wait();
}

TEST_F(LifecycleTest, Drain_AnswersTrainCallsThatWait) {
  v1::TrainRequest request = EndlessTraining("m");
  request.set_wait(true);
  v1::TrainingJob job;
  auto call = std::async(std::launch::async, [&] { return Train(request, &job); });
  ASSERT_TRUE(Eventually([&] {
    grpc::ClientContext context;
    v1::ListTrainingJobsResponse jobs;
    return jobs_->ListTrainingJobs(&context, v1::ListTrainingJobsRequest(), &jobs).ok() &&
           jobs.jobs_size() == 1 && jobs.jobs(0).progress().step() > 0;
  }));
  server_->Drain();
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_CANCELLED);
}

TEST_F(LifecycleTest, AfterDrain_CallsAreUnavailable) {
  server_->Drain();
  EXPECT_EQ(Train(TinyTraining("m", 1)).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(LifecycleTest, Models_SurviveARestart) {
  TrainModel("m");
  StartServer();
  v1::GenerateCharsRequest request;
  request.set_model("m");
  EXPECT_TRUE(Generate(request).ok());
}

}  // namespace
}  // namespace runnel::server
