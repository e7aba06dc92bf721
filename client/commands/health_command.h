#ifndef RUNNEL_CLIENT_COMMANDS_HEALTH_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_HEALTH_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// `runnel health`: whether a server is ready, by exit status; what containers call as their health
// check.
void AddHealthCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_HEALTH_COMMAND_H_
