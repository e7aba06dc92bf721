#ifndef RUNNEL_CLIENT_COMMANDS_GENERATE_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_GENERATE_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// `runnel generate`: writes characters to standard output as the model draws them.
void AddGenerateCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_GENERATE_COMMAND_H_
