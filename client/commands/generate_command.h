// The `generate` command.
#ifndef RUNNEL_CLIENT_COMMANDS_GENERATE_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_GENERATE_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel generate`, which writes a text and prints it as it arrives.
void AddGenerateCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_GENERATE_COMMAND_H_
