#include "server/server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "private/health.pb.h"
#include "server/base/connection_arguments.h"
#include "server/base/descriptors.h"
#include "server/base/grpc_threads.h"
#include "server/base/listening_sockets.h"
#include "server/base/log.h"
#include "server/base/unreadable_request.h"

namespace runnel::server {
namespace {

using Clock = std::chrono::steady_clock;

// The time for last messages to leave, after the running texts were told to end.
constexpr std::chrono::seconds kLastMessages(5);
// The time for peers to disconnect by themselves once no call is left.
constexpr std::chrono::milliseconds kGoodbye(200);
constexpr std::chrono::milliseconds kDrainPoll(10);
constexpr int kShutdownTasks = 2;
// A connection may have this many streams besides its calls: streams whose request has not arrived
// whole, and streams whose call the guard is refusing.
constexpr int kOtherStreamsMax = 1000;

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  auto parts = ServerParts::Create(options);
  if (!parts.ok()) return parts.status();
  std::unique_ptr<Server> server(new Server(*std::move(parts)));
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

Server::Server(std::unique_ptr<ServerParts> parts)
    : parts_(std::move(parts)),
      text_generation_(parts_->ForTextGeneration(), parts_->ForTrain()),
      training_jobs_(parts_->ForTrainingJobs()),
      models_(parts_->ForModels()),
      shutdown_work_(kShutdownTasks, kShutdownTasks) {}

Server::~Server() { ShutDown(0); }

absl::Status Server::Listen() {
  const auto connections_max = ConnectionsMax(parts_->options.max_connections, DescriptorLimit());
  if (!connections_max.ok()) return connections_max.status();
  auto sockets = ListeningSockets::Open(parts_->options.listen);
  if (!sockets.ok()) return sockets.status();
  address_ = sockets->address();
  if (!shutdown_work_.start_status().ok()) return shutdown_work_.start_status();
  if (absl::Status status = StartGrpcThreads(); !status.ok()) return status;
  if (absl::Status status = Build(); !status.ok()) return status;
  auto acceptor = ConnectionAcceptor::Start(
      *std::move(sockets), *connections_max,
      [this](int listener, int descriptor) { Serve(listener, descriptor); });
  if (!acceptor.ok()) return acceptor.status();
  acceptor_ = *std::move(acceptor);
  return absl::OkStatus();
}

absl::Status Server::Build() {
  const ServerOptions& options = parts_->options;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::health::v1::HealthCheckRequest::descriptor();  // links its description in, for reflection
  grpc::ServerBuilder builder;
  connections_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  for (const auto& [name, value] :
       ConnectionArguments({.keepalive_seconds = options.keepalive_seconds,
       .keepalive_timeout_seconds = options.keepalive_timeout_seconds,
       .idle_seconds_max = options.max_connection_idle_seconds,
       .age_seconds_max = options.max_connection_age_seconds})) {
    builder.AddChannelArgument(name, value);
  }
  // Holds for peers that acknowledge the server's settings. A stream takes about 12 KB.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             parts_->guard.limits().calls_per_connection_max + kOtherStreamsMax);
  // Bounds the memory of requests that have not come whole, which no part of Runnel sees. When it
  // is spent, gRPC resets streams (ENHANCE_YOUR_CALM) of any connection until there is room.
  grpc::ResourceQuota arriving_requests("arriving requests");
  arriving_requests.Resize(static_cast<size_t>(parts_->arriving_bytes_max));
  builder.SetResourceQuota(arriving_requests);
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(options.max_message_bytes + kMessageSlackBytes));
  builder.RegisterService(&text_generation_);
  builder.RegisterService(&training_jobs_);
  builder.RegisterService(&models_);
  auto interceptors = UnreadableRequestInterceptors();
  interceptors.push_back(calls_.NewInterceptorFactory());
  interceptors.push_back(parts_->guard.NewInterceptorFactory());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr) return absl::InternalError("gRPC cannot start the server");
  grpc::HealthCheckServiceInterface* health = grpc_server_->GetHealthCheckService();
  for (const char* service :
       {v1::TextGenerationService::service_full_name(), v1::TrainingJobService::service_full_name(),
        v1::ModelService::service_full_name()}) {
    health->SetServingStatus(service, true);
  }
  return absl::OkStatus();
}

void Server::Serve(int listener, int descriptor) {
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.listener_fd = listener;
  connection.fd = descriptor;
  connections_->HandleNewConnection(&connection);
}

void Server::Drain() { ShutDown(parts_->options.drain_seconds); }

void Server::ShutDown(double patience_seconds) {
  if (grpc_server_ == nullptr) return;
  grpc_server_->GetHealthCheckService()->Shutdown();  // all NOT_SERVING, for good
  if (acceptor_ != nullptr) acceptor_->Stop();
  parts_->incoming_calls.CancelAll();  // no Train call could name what they bring
  parts_->corpora.Stop();              // no job would begin with them
  const auto texts_end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                            std::chrono::duration<double>(patience_seconds));
  // Refuses new calls at once and cancels those that still run at its deadline, which is after the
  // end of all texts, so that their summaries arrive.
  const auto deadline = std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(
                            std::chrono::duration<double>(patience_seconds) + kLastMessages);
  std::promise<void> grpc_ended;
  std::promise<void> jobs_ended;
  const std::future<void> grpc_end = grpc_ended.get_future();
  const std::future<void> jobs_end = jobs_ended.get_future();
  shutdown_work_
      .Submit([&] {
        grpc_server_->Shutdown(deadline);
        grpc_ended.set_value();
      })
      .IgnoreError();  // there is room for both tasks
  // At the same time as the texts end: a step of a large network may take longer than they have.
  shutdown_work_
      .Submit([&] {
        parts_->jobs.Stop();
        jobs_ended.set_value();
      })
      .IgnoreError();
  while (active_texts() > 0 && Clock::now() < texts_end) {
    std::this_thread::sleep_for(kDrainPoll);
  }
  parts_->generation.StartDraining();
  parts_->readings.StartDraining();
  jobs_end.wait();
  while (calls_.count() > 0 && grpc_end.wait_for(kDrainPoll) != std::future_status::ready) continue;
  // A connected peer without a call would hold gRPC's shutdown to its deadline.
  if (grpc_end.wait_for(kGoodbye) != std::future_status::ready) {
    grpc_server_cancel_all_calls(grpc_server_->c_server());
  }
  grpc_end.wait();
  grpc_server_->Wait();
  grpc_server_ = nullptr;
  Log(LogLevel::kInfo, "all calls have ended");
}

}  // namespace runnel::server
