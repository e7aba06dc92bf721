// A whole server: its data folder, its threads and its listening sockets. Call Start, then Drain or
// destroy it.
#ifndef RUNNEL_SERVER_SERVER_H_
#define RUNNEL_SERVER_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/call_count.h"
#include "server/base/connection_acceptor.h"
#include "server/base/executor.h"
#include "server/base/grpc_threads.h"
#include "server/models/model_service.h"
#include "server/options.h"
#include "server/parts.h"
#include "server/text_generation/text_generation_service.h"
#include "server/training/training_job_service.h"

namespace runnel::server {

class Server {
 public:
  // Serves from now on. Errors of the data folder; UNAVAILABLE if the server cannot listen on the
  // address; RESOURCE_EXHAUSTED if the system refuses to start the threads.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options);
  // Like Drain, but gives running texts no time.
  ~Server();

  // HOST:PORT with the port that is in use, or unix:PATH.
  const std::string& address() const { return address_; }
  // The number of texts that are being written, scored or filled.
  int active_texts() const { return parts_->generation.active() + parts_->readings.active(); }

  // The number of calls that are under way, of all services.
  int calls() const { return parts_->guard.calls(); }
  // The memory of answers that wait for their readers.
  int64_t response_bytes() const { return parts_->guard.response_bytes(); }

  // For tests that occupy a part.
  ServerParts& parts() { return *parts_; }

  // Ends the service: new calls are refused (UNAVAILABLE) and training is cancelled. Running texts
  // have `drain_seconds` to finish; then they end with FINISH_REASON_DRAINING, or with UNAVAILABLE
  // if they are being scored or filled. Returns when all calls have ended, at once if there are
  // none: peers that are connected without a call are disconnected.
  void Drain();

 private:
  explicit Server(std::unique_ptr<ServerParts> parts);

  absl::Status Listen();
  absl::Status Build();
  // Offers a connection to gRPC.
  void Serve(int listener, int descriptor);
  void ShutDown(double patience_seconds);

  const GrpcUse grpc_;  // until everything else has ended
  const std::unique_ptr<ServerParts> parts_;
  TextGenerationService text_generation_;
  TrainingJobService training_jobs_;
  ModelService models_;
  std::string address_;
  CallCount calls_;
  Executor shutdown_work_;  // its threads exist from the start: at the end there may be none left
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<grpc::Server> grpc_server_;  // null once it is shut down
  std::unique_ptr<ConnectionAcceptor> acceptor_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_SERVER_H_
