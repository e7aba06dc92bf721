// A server whose answers a test chooses.
#ifndef RUNNEL_TESTS_CLIENT_FAKE_SERVER_H_
#define RUNNEL_TESTS_CLIENT_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "private/google_rpc.pb.h"
#include "runnel/v1/generation.grpc.pb.h"
#include "runnel/v1/models.grpc.pb.h"
#include "runnel/v1/training.grpc.pb.h"

namespace runnel::client {

template <typename Request, typename Response>
using Handler = std::function<grpc::Status(const Request&, Response*)>;

template <typename Request, typename Response>
using StreamHandler = std::function<grpc::Status(grpc::ServerContext*, const Request&,
                                                 grpc::ServerWriter<Response>*)>;

// Calls `handler`, or answers UNIMPLEMENTED if the test has set none.
template <typename F, typename... Args>
grpc::Status CallOrUnimplemented(const F& handler, Args&&... args) {
  if (!handler) return {grpc::StatusCode::UNIMPLEMENTED, "no handler"};
  return handler(std::forward<Args>(args)...);
}

class FakeGenerationService : public v1::TextGenerationService::Service {
 public:
  Handler<v1::TrainRequest, v1::TrainResponse> train;
  Handler<v1::SampleRequest, v1::SampleResponse> sample;
  StreamHandler<v1::GenerateCharsRequest, v1::GenerateCharsResponse> generate;
  Handler<v1::ScoreRequest, v1::ScoreResponse> score;
  Handler<v1::FillBlanksRequest, v1::FillBlanksResponse> fill;

 private:
  grpc::Status Train(grpc::ServerContext*, const v1::TrainRequest* request,
                     v1::TrainResponse* response) override {
    return CallOrUnimplemented(train, *request, response);
  }
  grpc::Status Sample(grpc::ServerContext*, const v1::SampleRequest* request,
                      v1::SampleResponse* response) override {
    return CallOrUnimplemented(sample, *request, response);
  }
  grpc::Status GenerateChars(grpc::ServerContext* context, const v1::GenerateCharsRequest* request,
                             grpc::ServerWriter<v1::GenerateCharsResponse>* writer) override {
    return CallOrUnimplemented(generate, context, *request, writer);
  }
  grpc::Status Score(grpc::ServerContext*, const v1::ScoreRequest* request,
                     v1::ScoreResponse* response) override {
    return CallOrUnimplemented(score, *request, response);
  }
  grpc::Status FillBlanks(grpc::ServerContext*, const v1::FillBlanksRequest* request,
                          v1::FillBlanksResponse* response) override {
    return CallOrUnimplemented(fill, *request, response);
  }
};

class FakeJobService : public v1::TrainingJobService::Service {
 public:
  std::function<grpc::Status(grpc::ServerReader<v1::UploadCorpusRequest>*,
                             v1::UploadCorpusResponse*)>
      upload;
  Handler<v1::GetTrainingJobRequest, v1::GetTrainingJobResponse> get;
  Handler<v1::ListTrainingJobsRequest, v1::ListTrainingJobsResponse> list;
  Handler<v1::CancelTrainingJobRequest, v1::CancelTrainingJobResponse> cancel;
  StreamHandler<v1::WatchTrainingJobRequest, v1::WatchTrainingJobResponse> watch;

 private:
  grpc::Status UploadCorpus(grpc::ServerContext*,
                            grpc::ServerReader<v1::UploadCorpusRequest>* reader,
                            v1::UploadCorpusResponse* response) override {
    return CallOrUnimplemented(upload, reader, response);
  }
  grpc::Status GetTrainingJob(grpc::ServerContext*, const v1::GetTrainingJobRequest* request,
                              v1::GetTrainingJobResponse* response) override {
    return CallOrUnimplemented(get, *request, response);
  }
  grpc::Status ListTrainingJobs(grpc::ServerContext*, const v1::ListTrainingJobsRequest* request,
                                v1::ListTrainingJobsResponse* response) override {
    return CallOrUnimplemented(list, *request, response);
  }
  grpc::Status CancelTrainingJob(grpc::ServerContext*, const v1::CancelTrainingJobRequest* request,
                                 v1::CancelTrainingJobResponse* response) override {
    return CallOrUnimplemented(cancel, *request, response);
  }
  grpc::Status WatchTrainingJob(grpc::ServerContext* context,
                                const v1::WatchTrainingJobRequest* request,
                                grpc::ServerWriter<v1::WatchTrainingJobResponse>* writer) override {
    return CallOrUnimplemented(watch, context, *request, writer);
  }
};

class FakeModelService : public v1::ModelService::Service {
 public:
  Handler<v1::ListModelsRequest, v1::ListModelsResponse> list;
  Handler<v1::GetModelRequest, v1::GetModelResponse> get;
  Handler<v1::DeleteModelRequest, v1::DeleteModelResponse> remove;
  std::function<grpc::Status(grpc::ServerReader<v1::ImportModelRequest>*, v1::ImportModelResponse*)>
      import;
  StreamHandler<v1::ExportModelRequest, v1::ExportModelResponse> send;

 private:
  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override {
    return CallOrUnimplemented(list, *request, response);
  }
  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override {
    return CallOrUnimplemented(get, *request, response);
  }
  grpc::Status DeleteModel(grpc::ServerContext*, const v1::DeleteModelRequest* request,
                           v1::DeleteModelResponse* response) override {
    return CallOrUnimplemented(remove, *request, response);
  }
  grpc::Status ImportModel(grpc::ServerContext*, grpc::ServerReader<v1::ImportModelRequest>* reader,
                           v1::ImportModelResponse* response) override {
    return CallOrUnimplemented(import, reader, response);
  }
  grpc::Status ExportModel(grpc::ServerContext* context, const v1::ExportModelRequest* request,
                           grpc::ServerWriter<v1::ExportModelResponse>* writer) override {
    return CallOrUnimplemented(send, context, *request, writer);
  }
};

// A server in this process that answers as the test says. Set the handlers before the client runs.
class FakeServer {
 public:
  FakeServer() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.SetMaxReceiveMessageSize(64 << 20);
    builder.RegisterService(&generation);
    builder.RegisterService(&jobs);
    builder.RegisterService(&models);
    server = builder.BuildAndStart();
    address = "127.0.0.1:" + std::to_string(port);
  }

  FakeGenerationService generation;
  FakeJobService jobs;
  FakeModelService models;
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

// Waits until the client has cancelled the call.
inline void AwaitCancellation(grpc::ServerContext* context) {
  while (!context->IsCancelled()) std::this_thread::yield();
}

// Returns a serialized google.rpc.Status with a BadRequest, as a server puts it into the details of
// a status. Each violation is a field and a description.
inline std::string EncodeBadRequest(
    const std::vector<std::pair<std::string, std::string>>& violations) {
  google::rpc::BadRequest bad_request;
  for (const auto& [field, description] : violations) {
    google::rpc::BadRequest::FieldViolation* violation = bad_request.add_field_violations();
    violation->set_field(field);
    violation->set_description(description);
  }
  google::rpc::Status status;
  status.set_code(grpc::StatusCode::INVALID_ARGUMENT);
  status.set_message("rejected");
  status.add_details()->PackFrom(bad_request);
  return status.SerializeAsString();
}

}  // namespace runnel::client

#endif  // RUNNEL_TESTS_CLIENT_FAKE_SERVER_H_
