// What a client hears of a request that cannot be read: INVALID_ARGUMENT with a reason, instead of
// the UNIMPLEMENTED without a word with which gRPC's callback handlers answer it.
#ifndef RUNNEL_SERVER_UNREADABLE_REQUEST_H_
#define RUNNEL_SERVER_UNREADABLE_REQUEST_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <vector>

namespace runnel::server {

grpc::Status UnreadableRequest();

// For the builder of a server whose own methods never end with UNIMPLEMENTED and no message.
std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
UnreadableRequestInterceptors();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_UNREADABLE_REQUEST_H_
