// A whole server: its data folder, its threads and its listening port. Start, then
// Drain or destroy.
#ifndef RUNNEL_SERVER_SERVER_H_
#define RUNNEL_SERVER_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine.h"
#include "server/models/model_service.h"
#include "server/options.h"
#include "server/text_generation/text_generation_service.h"
#include "server/training/training_job_service.h"

namespace runnel::server {

class Server {
 public:
  // Serves from now on. Errors of the data folder; UNAVAILABLE if the address cannot
  // be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options);
  // As Drain without patience.
  ~Server();

  // HOST:PORT, the port being the one that is in use.
  const std::string& address() const { return address_; }
  // Texts that are being written, scored or filled.
  int active_texts() const { return engine_->generation.active() + engine_->readings.active(); }

  // Ends the service: new calls are refused (UNAVAILABLE), training is cancelled, running texts may
  // finish for `drain_seconds`, and those that do not end with FINISH_REASON_DRAINING, or
  // UNAVAILABLE where they are scored or filled. Returns when all calls have ended.
  void Drain();

 private:
  explicit Server(std::unique_ptr<Engine> engine);

  absl::Status Listen();
  void ShutDown(double patience_seconds);

  const std::unique_ptr<Engine> engine_;
  TextGenerationService text_generation_;
  TrainingJobService training_jobs_;
  ModelService models_;
  std::string address_;
  std::unique_ptr<grpc::Server> grpc_server_;  // null once it is shut down
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_SERVER_H_
