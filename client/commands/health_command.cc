#include "client/commands/health_command.h"

#include <memory>
#include <string>

#include "client/net/health_check.h"

namespace runnel::client {
namespace {

constexpr double kDefaultTimeout_s = 5;

const char* Name(ServingStatus serving) {
  switch (serving) {
    case ServingStatus::kServing:
      return "SERVING";
    case ServingStatus::kNotServing:
      return "NOT_SERVING";
    case ServingStatus::kServiceUnknown:
      return "SERVICE_UNKNOWN";
    default:
      return "UNKNOWN";
  }
}

ExitCode RunHealth(CommandContext& context, const std::string& service) {
  ServingStatus serving = ServingStatus::kUnknown;
  const grpc::Status status = CheckHealth(context.connection, service, &serving);
  if (!status.ok()) return Fail(context, status);
  context.out.Write(std::string(Name(serving)) + "\n");
  return serving == ServingStatus::kServing ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

void AddHealthCommand(CLI::App& app, CommandLine& line) {
  const auto service = std::make_shared<std::string>();
  CLI::App* health = app.add_subcommand("health", "Whether the server is ready, by exit status");
  health->add_option("--service", *service, "One service, such as runnel.v1.ModelService");
  health->footer("Waits 5 seconds at most unless --timeout says otherwise.");
  health->callback([service, &line] {
    line.default_timeout_s = kDefaultTimeout_s;
    line.run = [service](CommandContext& context) { return RunHealth(context, *service); };
  });
}

}  // namespace runnel::client
