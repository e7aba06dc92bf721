// Answers a request that cannot be parsed with INVALID_ARGUMENT and a reason. By default, gRPC's
// callback API answers it with UNIMPLEMENTED and an empty message.
#ifndef RUNNEL_SERVER_BASE_UNREADABLE_REQUEST_H_
#define RUNNEL_SERVER_BASE_UNREADABLE_REQUEST_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <vector>

#include "absl/status/status.h"

namespace runnel::server {

namespace internal {
inline constexpr char kUnreadMark[] = "(unread)";
}

absl::Status UnreadableRequest();

// gRPC reports the end of a stream of messages and a message that cannot be parsed in the same way.
// But parsing clears the message: if its chunk was marked before it was read, the mark is still
// there only at the end of the stream.
template <typename Message>
void MarkAsUnread(Message* message) {
  message->set_chunk(internal::kUnreadMark);
}
template <typename Message>
bool IsMarkedAsUnread(const Message& message) {
  return message.chunk() == internal::kUnreadMark;
}

// For the builder of a server whose own methods never answer UNIMPLEMENTED without a message.
std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
UnreadableRequestInterceptors();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_UNREADABLE_REQUEST_H_
