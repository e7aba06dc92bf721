// Allocates the messages of Train calls, so that a call that waits for the end of its job can free
// its request, which may hold 64 MiB of text.
#ifndef RUNNEL_SERVER_TRAINING_TRAIN_MESSAGES_H_
#define RUNNEL_SERVER_TRAINING_TRAIN_MESSAGES_H_

#include <grpcpp/support/message_allocator.h>

#include <memory>

#include "runnel/v1/training.pb.h"

namespace runnel::server {

// Threads may share it. It must outlive the gRPC server.
class TrainMessages : public grpc::MessageAllocator<v1::TrainRequest, v1::TrainResponse> {
 public:
  grpc::MessageHolder<v1::TrainRequest, v1::TrainResponse>* AllocateMessages() override {
    return new Holder();
  }

 private:
  class Holder : public grpc::MessageHolder<v1::TrainRequest, v1::TrainResponse> {
   public:
    Holder() : request_(std::make_unique<v1::TrainRequest>()) {
      set_request(request_.get());
      set_response(&response_);
    }
    void Release() override { delete this; }
    void FreeRequest() override {
      request_ = nullptr;
      set_request(nullptr);
    }

   private:
    std::unique_ptr<v1::TrainRequest> request_;
    v1::TrainResponse response_;
  };
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAIN_MESSAGES_H_
