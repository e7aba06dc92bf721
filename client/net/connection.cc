#include "client/net/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "absl/time/clock.h"

namespace runnel::client {
namespace {

// The server's default limit on a message, plus 1 MiB for the other fields of a message whose text
// is that large.
constexpr int kMessageBytesMax = (64 + 1) * 1024 * 1024;

std::shared_ptr<grpc::Channel> CreateChannel(const std::string& server) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  // By default, gRPC would send even a call to 127.0.0.1 through the environment's http_proxy.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Connection::Connection(std::string server, absl::Duration timeout, Interrupt& interrupt)
    : server_(std::move(server)),
      channel_(CreateChannel(server_)),
      deadline_(absl::ToChronoTime(absl::Now() + timeout)),
      interrupt_(interrupt) {}

void Connection::LimitTime(grpc::ClientContext& context) const {
  if (deadline_ != std::chrono::system_clock::time_point::max()) context.set_deadline(deadline_);
}

}  // namespace runnel::client
