#include "server/base/unreadable_request.h"

#include "server/wire/error_mapping.h"

namespace runnel::server {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

class Interceptor : public grpc::experimental::Interceptor {
 public:
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = methods->GetSendStatus();
      if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED &&
          status.error_message().empty()) {
        methods->ModifySendStatus(ToGrpcStatus(UnreadableRequest()));
      }
    }
    methods->Proceed();
  }
};

class Factory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    switch (info->type()) {
      case ServerRpcInfo::Type::UNARY:
      case ServerRpcInfo::Type::SERVER_STREAMING:
        return new Interceptor();
      case ServerRpcInfo::Type::CLIENT_STREAMING:  // begins without a message
      case ServerRpcInfo::Type::BIDI_STREAMING:    // also what gRPC takes unknown methods for
        return nullptr;
    }
    return nullptr;
  }
};

}  // namespace

absl::Status UnreadableRequest() {
  return InvalidField(
      "", "the request cannot be read: it is malformed, or a text in it is not valid UTF-8");
}

std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
UnreadableRequestInterceptors() {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
  creators.push_back(std::make_unique<Factory>());
  return creators;
}

}  // namespace runnel::server
