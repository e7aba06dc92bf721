#ifndef RUNNEL_CLIENT_NET_CONNECTION_H_
#define RUNNEL_CLIENT_NET_CONNECTION_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "client/net/interrupt.h"

namespace runnel::client {

// The channel to one server, and the time that a whole command may take.
class Connection {
 public:
  // `timeout_s` counts from now; 0: no limit. Connects with the first call.
  Connection(std::string server, double timeout_s, Interrupt& interrupt);

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

// The context of one call that ends with the command's deadline and with an interrupt.
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
