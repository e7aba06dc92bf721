#ifndef RUNNEL_CLIENT_COMMANDS_MODELS_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_MODELS_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// `runnel models list|show|delete|import|export`: the trained models of a server.
void AddModelsCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_MODELS_COMMAND_H_
