#include "client/net/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

namespace runnel::client {
namespace {

// The server's default limit on a message, and room for what surrounds a text of that size.
constexpr int kMessageBytesMax = (64 + 1) * 1024 * 1024;

// Beyond it a deadline is none: it keeps the clock's arithmetic from overflowing.
constexpr double kTimeoutMax_s = 10.0 * 365 * 24 * 3600;

std::chrono::system_clock::time_point DeadlineAfter(double timeout_s) {
  if (timeout_s <= 0 || timeout_s > kTimeoutMax_s) {
    return std::chrono::system_clock::time_point::max();
  }
  return std::chrono::system_clock::now() +
         std::chrono::microseconds(static_cast<int64_t>(timeout_s * 1e6));
}

std::shared_ptr<grpc::Channel> CreateChannel(const std::string& server) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  // gRPC would send even a call to 127.0.0.1 through the http_proxy of the environment.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Connection::Connection(std::string server, double timeout_s, Interrupt& interrupt)
    : server_(std::move(server)),
      channel_(CreateChannel(server_)),
      deadline_(DeadlineAfter(timeout_s)),
      interrupt_(interrupt) {}

void Connection::LimitTime(grpc::ClientContext& context) const {
  if (deadline_ != std::chrono::system_clock::time_point::max()) context.set_deadline(deadline_);
}

}  // namespace runnel::client
