// The `models` command and its subcommands.
#ifndef RUNNEL_CLIENT_COMMANDS_MODELS_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_MODELS_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel models`, which lists, shows, deletes, imports and exports models.
void AddModelsCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_MODELS_COMMAND_H_
