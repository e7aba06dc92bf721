// The `sample` command.
#ifndef RUNNEL_CLIENT_COMMANDS_SAMPLE_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_SAMPLE_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel sample`, which writes whole texts.
void AddSampleCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_SAMPLE_COMMAND_H_
