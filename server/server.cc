#include "server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "private/health.pb.h"
#include "server/base/log.h"
#include "server/base/unreadable_request.h"

namespace runnel::server {
namespace {

using Clock = std::chrono::steady_clock;

// After the running texts were told to end: for their last messages to leave.
constexpr std::chrono::seconds kLastMessages(5);
constexpr std::chrono::milliseconds kDrainPoll(10);
// A peer that vanished without a word is noticed after their sum.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  auto engine = Engine::Create(options);
  if (!engine.ok()) return engine.status();
  std::unique_ptr<Server> server(new Server(*std::move(engine)));
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

Server::Server(std::unique_ptr<Engine> engine)
    : engine_(std::move(engine)),
      text_generation_(engine_.get()),
      training_jobs_(engine_.get()),
      models_(engine_.get()) {}

Server::~Server() { ShutDown(0); }

absl::Status Server::Listen() {
  const ServerOptions& options = engine_->options;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::health::v1::HealthCheckRequest::descriptor();  // links its description in, for reflection
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port);
  // Else a second server would share the port, and calls would go to either.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(options.max_message_bytes + kMessageSlackBytes));
  builder.RegisterService(&text_generation_);
  builder.RegisterService(&training_jobs_);
  builder.RegisterService(&models_);
  builder.experimental().SetInterceptorCreators(UnreadableRequestInterceptors());
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options.listen,
                                               ": the address is in use or not this machine's"));
  }
  address_ = absl::StrCat(options.listen.substr(0, options.listen.rfind(':')), ":", port);
  grpc::HealthCheckServiceInterface* health = grpc_server_->GetHealthCheckService();
  for (const char* service :
       {v1::TextGenerationService::service_full_name(), v1::TrainingJobService::service_full_name(),
        v1::ModelService::service_full_name()}) {
    health->SetServingStatus(service, true);
  }
  return absl::OkStatus();
}

void Server::Drain() { ShutDown(engine_->options.drain_seconds); }

void Server::ShutDown(double patience_seconds) {
  if (grpc_server_ == nullptr) return;
  grpc_server_->GetHealthCheckService()->Shutdown();  // all NOT_SERVING, for good
  engine_->upload_calls.CancelAll();                  // no Train call could name what they bring
  engine_->corpora.Stop();                            // no job would begin with them
  const auto texts_end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                            std::chrono::duration<double>(patience_seconds));
  // Refuses new calls at once; cancels those that are still running at its deadline, which lies
  // behind the end of all texts, so that their summaries arrive.
  const auto deadline = std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(
                            std::chrono::duration<double>(patience_seconds) + kLastMessages);
  std::thread grpc_shutdown([this, deadline] { grpc_server_->Shutdown(deadline); });
  // Beside the texts: a large network's step may take longer than they get.
  std::thread jobs_stop([this] { engine_->jobs.Stop(); });
  while (active_texts() > 0 && Clock::now() < texts_end) {
    std::this_thread::sleep_for(kDrainPoll);
  }
  engine_->generation.StartDraining();
  engine_->readings.StartDraining();
  jobs_stop.join();
  grpc_shutdown.join();
  grpc_server_->Wait();
  grpc_server_ = nullptr;
  Log(LogLevel::kInfo, "all calls have ended");
}

}  // namespace runnel::server
