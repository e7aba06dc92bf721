#include "server/base/running_calls.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "runnel/v1/training.grpc.pb.h"

namespace runnel::server {
namespace {

// Uploads that last until their client ends or they are cancelled.
class Uploads : public v1::TrainingJobService::CallbackService {
 public:
  grpc::ServerReadReactor<v1::UploadCorpusRequest>* UploadCorpus(
      grpc::CallbackServerContext* context, v1::UploadCorpusResponse* /*response*/) override {
    return new Upload(context, this);  // gRPC lets it go in OnDone
  }

  RunningCalls calls;
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;

 private:
  class Upload : public grpc::ServerReadReactor<v1::UploadCorpusRequest> {
   public:
    Upload(grpc::CallbackServerContext* context, Uploads* uploads)
        : context_(*context), uploads_(*uploads) {
      const absl::Status status = uploads_.calls.Add(context);
      if (status.ok()) {
        StartRead(&message_);
      } else {
        Finish(grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                            std::string(status.message())));
      }
      ++uploads_.begun;
    }
    void OnReadDone(bool ok) override {
      if (ok) return StartRead(&message_);
      Finish(context_.IsCancelled() ? grpc::Status::CANCELLED : grpc::Status::OK);
    }
    void OnDone() override {
      uploads_.calls.Remove(&context_);
      ++uploads_.ended;
      delete this;
    }

   private:
    grpc::CallbackServerContext& context_;
    Uploads& uploads_;
    v1::UploadCorpusRequest message_;
  };
};

class RunningCallsTest : public ::testing::Test {
 protected:
  RunningCallsTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&uploads_);
    server_ = builder.BuildAndStart();
    stub_ = v1::TrainingJobService::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
  }

  // A client's side of an upload that the server has begun.
  struct Call {
    grpc::ClientContext context;
    v1::UploadCorpusResponse response;
    std::unique_ptr<grpc::ClientWriter<v1::UploadCorpusRequest>> writer;
  };
  std::unique_ptr<Call> Begin() {
    auto call = std::make_unique<Call>();
    const int begun = uploads_.begun;
    call->writer = stub_->UploadCorpus(&call->context, &call->response);
    while (uploads_.begun == begun) std::this_thread::yield();
    return call;
  }

  Uploads uploads_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::TrainingJobService::Stub> stub_;
};

TEST_F(RunningCallsTest, CancelAll_EndsThoseThatRun_AndRefusesLaterOnes) {
  const auto first = Begin();
  const auto second = Begin();
  uploads_.calls.CancelAll();
  EXPECT_EQ(first->writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(second->writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(Begin()->writer->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(RunningCallsTest, CallThatHasEnded_IsNotTouched) {
  const auto call = Begin();
  call->writer->WritesDone();
  EXPECT_TRUE(call->writer->Finish().ok());
  while (uploads_.ended == 0) std::this_thread::yield();
  uploads_.calls.CancelAll();
}

}  // namespace
}  // namespace runnel::server
