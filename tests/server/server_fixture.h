// A real server on a free port of 127.0.0.1, with its stubs, for tests over the wire.
#ifndef RUNNEL_TESTS_SERVER_SERVER_FIXTURE_H_
#define RUNNEL_TESTS_SERVER_SERVER_FIXTURE_H_

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "runnel/v1/generation.grpc.pb.h"
#include "runnel/v1/models.grpc.pb.h"
#include "runnel/v1/training.grpc.pb.h"
#include "server/server.h"
#include "tests/server/bad_request.h"
#include "tests/testing/temporary_folder.h"

namespace runnel::server {

// Waits for something that another thread does. Only a test that fails waits to the end; trainings
// under a sanitizer take long on a busy machine, because of their low priority.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(3);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// "the quick brown fox...": 27 distinct characters and the line break.
inline std::string PlainText(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += "the quick brown fox jumps over the lazy dog\n";
  return text;
}

// The bytes that a refused request would have needed.
inline int64_t BytesNeeded(const grpc::Status& status) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const std::string message = status.error_message();
  absl::string_view rest = message;
  int64_t bytes = 0;
  EXPECT_TRUE(absl::ConsumePrefix(&rest, "the request needs ")) << message;
  EXPECT_TRUE(absl::SimpleAtoi(rest.substr(0, rest.find(' ')), &bytes)) << message;
  return bytes;
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.listen = "127.0.0.1:0";
    options_.data_dir = folder_ / "data";
    options_.corpus_dir = folder_ / "corpora";
    options_.drain_seconds = 0;
    std::filesystem::create_directory(options_.corpus_dir);
  }

  // For tests that change options_ first; others may rely on SetUp.
  void StartServer() {
    server_ = nullptr;
    auto server = Server::Start(options_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    generation_ = v1::TextGenerationService::NewStub(channel_);
    jobs_ = v1::TrainingJobService::NewStub(channel_);
    models_ = v1::ModelService::NewStub(channel_);
  }
  void SetUp() override { StartServer(); }

  // A network that trains in no time. Without a limit it runs until cancelled.
  static v1::TrainRequest TinyTraining(const std::string& model, int64_t max_steps) {
    v1::TrainRequest request;
    request.set_model(model);
    request.set_text(PlainText(20));
    request.mutable_network()->set_cell_type(v1::CELL_TYPE_RNN_TANH);
    request.mutable_network()->set_hidden_size(8);
    request.mutable_network()->set_num_layers(1);
    v1::TrainingOptions* training = request.mutable_training();
    training->set_epochs(0);
    training->set_max_steps(max_steps);
    training->set_sequence_length(8);
    training->set_batch_size(2);
    training->set_seed(7);
    return request;
  }
  static v1::TrainRequest EndlessTraining(const std::string& model) {
    return TinyTraining(model, 0);
  }

  grpc::Status Train(const v1::TrainRequest& request, v1::TrainingJob* job = nullptr) {
    grpc::ClientContext context;
    v1::TrainResponse response;
    const grpc::Status status = generation_->Train(&context, request, &response);
    if (job != nullptr) *job = response.job();
    return status;
  }
  // A job that must be accepted.
  v1::TrainingJob MustTrain(v1::TrainRequest request, bool wait) {
    request.set_wait(wait);
    v1::TrainingJob job;
    const grpc::Status status = Train(request, &job);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return job;
  }
  void TrainModel(const std::string& model) {
    const v1::TrainingJob job = MustTrain(TinyTraining(model, 5), /*wait=*/true);
    ASSERT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  }

  v1::TrainingJob GetJob(const std::string& id) {
    grpc::ClientContext context;
    v1::GetTrainingJobRequest request;
    request.set_id(id);
    v1::GetTrainingJobResponse response;
    const grpc::Status status = jobs_->GetTrainingJob(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.job();
  }
  grpc::Status CancelJob(const std::string& id, bool publish = false) {
    grpc::ClientContext context;
    v1::CancelTrainingJobRequest request;
    request.set_id(id);
    request.set_publish(publish);
    v1::CancelTrainingJobResponse response;
    return jobs_->CancelTrainingJob(&context, request, &response);
  }
  // All messages of a watch, which ends with the job.
  std::vector<v1::WatchTrainingJobResponse> Watch(const std::string& id, bool from_start) {
    grpc::ClientContext context;
    v1::WatchTrainingJobRequest request;
    request.set_id(id);
    request.set_from_start(from_start);
    const auto reader = jobs_->WatchTrainingJob(&context, request);
    std::vector<v1::WatchTrainingJobResponse> messages;
    v1::WatchTrainingJobResponse message;
    while (reader->Read(&message)) messages.push_back(message);
    EXPECT_TRUE(reader->Finish().ok());
    return messages;
  }
  v1::TrainingJob WaitForEnd(const std::string& id) {
    const auto messages = Watch(id, /*from_start=*/false);
    return messages.empty() ? v1::TrainingJob() : messages.back().ended_job();
  }

  grpc::Status Generate(const v1::GenerateCharsRequest& request,
                        std::vector<v1::GenerateCharsResponse>* messages) {
    grpc::ClientContext context;
    const auto reader = generation_->GenerateChars(&context, request);
    v1::GenerateCharsResponse message;
    while (reader->Read(&message)) messages->push_back(message);
    return reader->Finish();
  }
  grpc::Status Generate(const v1::GenerateCharsRequest& request) {
    std::vector<v1::GenerateCharsResponse> messages;
    return Generate(request, &messages);
  }
  grpc::Status Sample(const v1::SampleRequest& request, v1::SampleResponse* response) {
    grpc::ClientContext context;
    return generation_->Sample(&context, request, response);
  }
  static v1::ScoreRequest ScoreOf(const std::string& model, const std::string& text) {
    v1::ScoreRequest request;
    request.set_model(model);
    request.set_text(text);
    return request;
  }
  grpc::Status Score(const v1::ScoreRequest& request, v1::ScoreResponse* response) {
    grpc::ClientContext context;
    return generation_->Score(&context, request, response);
  }
  v1::ScoreResponse MustScore(const v1::ScoreRequest& request) {
    v1::ScoreResponse response;
    const grpc::Status status = Score(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  grpc::Status Upload(const std::vector<std::string>& chunks, v1::UploadCorpusResponse* response) {
    grpc::ClientContext context;
    const auto writer = jobs_->UploadCorpus(&context, response);
    for (const std::string& chunk : chunks) {
      v1::UploadCorpusRequest request;
      request.set_chunk(chunk);
      if (!writer->Write(request)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  std::string VersionPath(const std::string& name, int version) {
    return options_.data_dir + "/models/" + name + "/" + std::to_string(version) + ".safetensors";
  }

  testing::TemporaryFolder folder_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TextGenerationService::Stub> generation_;
  std::unique_ptr<v1::TrainingJobService::Stub> jobs_;
  std::unique_ptr<v1::ModelService::Stub> models_;
};

inline std::string Joined(const std::vector<v1::GenerateCharsResponse>& messages) {
  std::string text;
  for (const auto& message : messages) text += message.text();
  return text;
}

}  // namespace runnel::server

#endif  // RUNNEL_TESTS_SERVER_SERVER_FIXTURE_H_
