// What a client hears of a request that cannot be read: INVALID_ARGUMENT with a reason, instead of
// the UNIMPLEMENTED without a word with which gRPC's callback handlers answer it.
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

// A stream of messages gives the same news at its end and for a message that cannot be parsed. But
// parsing clears: if `message`'s chunk is marked before it is read, the mark tells the two apart.
template <typename Message>
void MarkAsUnread(Message* message) {
  message->set_chunk(internal::kUnreadMark);
}
template <typename Message>
bool IsMarkedAsUnread(const Message& message) {
  return message.chunk() == internal::kUnreadMark;
}

// For the builder of a server whose own methods never end with UNIMPLEMENTED and no message.
std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
UnreadableRequestInterceptors();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_UNREADABLE_REQUEST_H_
