#ifndef RUNNEL_CLIENT_COMMANDS_JOBS_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_JOBS_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// `runnel jobs list|show|watch|cancel`: the training jobs of a server.
void AddJobsCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_JOBS_COMMAND_H_
