// Calls with messages as raw bytes.
#ifndef RUNNEL_TESTS_SERVER_GENERIC_CALL_H_
#define RUNNEL_TESTS_SERVER_GENERIC_CALL_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace runnel::server {

inline grpc::ByteBuffer Buffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

inline std::string Bytes(grpc::ByteBuffer buffer) {
  grpc::Slice flat;
  if (!buffer.DumpToSingleSlice(&flat).ok()) return "";
  return std::string(reinterpret_cast<const char*>(flat.begin()), flat.size());
}

// One call without a stub: of a service that this build has none of, or with a message that no
// stub would send.
class GenericCall {
 public:
  GenericCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method)
      : stub_(channel), stream_(stub_.PrepareCall(&context_, method, &queue_)) {
    stream_->StartCall(this);
    Wait();
  }
  ~GenericCall() { queue_.Shutdown(); }

  // Sends one message, reads one, and ends the call.
  grpc::Status Exchange(const std::string& request, std::string* response) {
    stream_->WriteLast(Buffer(request), grpc::WriteOptions(), this);
    Wait();
    grpc::ByteBuffer reply;
    stream_->Read(&reply, this);
    if (Wait()) *response = Bytes(reply);
    grpc::Status status;
    stream_->Finish(&status, this);
    Wait();
    return status;
  }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    return ok;
  }

  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

}  // namespace runnel::server

#endif  // RUNNEL_TESTS_SERVER_GENERIC_CALL_H_
