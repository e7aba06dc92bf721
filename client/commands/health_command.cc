#include "client/commands/health_command.h"

#include <memory>
#include <string>

#include "client/net/health_check.h"

namespace runnel::client {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(5);

struct HealthCommand : CommandState {
  std::string service;
};

ExitCode RunHealth(CommandContext& context, HealthCommand& command) {
  const absl::StatusOr<HealthStatus> health = CheckHealth(context.connection, command.service);
  if (!health.ok()) return Fail(context, health.status());
  const std::string& name = grpc::health::v1::HealthCheckResponse::ServingStatus_Name(*health);
  context.out.Write((name.empty() ? "UNKNOWN" : name) + "\n");
  return *health == grpc::health::v1::HealthCheckResponse::SERVING ? ExitCode::kOk
                                                                   : ExitCode::kFailed;
}

}  // namespace

void AddHealthCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<HealthCommand>();
  CLI::App* health =
      app.add_subcommand("health", "Show whether the server is ready, also as exit status");
  health->add_option("--service", command->service,
                     "Check only this service, such as runnel.v1.ModelService");
  health->footer("Waits 5 seconds at most unless --timeout says otherwise.");
  health->callback([command, &line] {
    line.default_timeout = kDefaultTimeout;
    RunWith(line, command, RunHealth)();
  });
}

}  // namespace runnel::client
