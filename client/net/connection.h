// The connection to a server, and the calls made through it.
#ifndef RUNNEL_CLIENT_NET_CONNECTION_H_
#define RUNNEL_CLIENT_NET_CONNECTION_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "client/net/interrupt.h"

namespace runnel::client {

// The channel to one server, and the deadline of the whole command. Thread-safe.
class Connection {
 public:
  // `timeout` counts from now; it may be infinite. The first call connects.
  Connection(std::string server, absl::Duration timeout, Interrupt& interrupt);

  const std::string& server() const { return server_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  Interrupt& interrupt() { return interrupt_; }

  // Gives `context` the command's deadline, if it has one.
  void LimitTime(grpc::ClientContext& context) const;

 private:
  const std::string server_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::chrono::system_clock::time_point deadline_;
  Interrupt& interrupt_;
};

// The context of one call, which the deadline of the command and an interrupt end.
class Call {
 public:
  explicit Call(Connection& connection) : cancels_(connection.interrupt(), context_) {
    connection.LimitTime(context_);
  }
  grpc::ClientContext* context() { return &context_; }

 private:
  grpc::ClientContext context_;
  Interrupt::Cancels cancels_;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_NET_CONNECTION_H_
