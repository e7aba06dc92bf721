// The `health` command.
#ifndef RUNNEL_CLIENT_COMMANDS_HEALTH_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_HEALTH_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel health`, which checks whether the server is ready.
void AddHealthCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_HEALTH_COMMAND_H_
