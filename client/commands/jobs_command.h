// The `jobs` command and its subcommands.
#ifndef RUNNEL_CLIENT_COMMANDS_JOBS_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_JOBS_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel jobs`, which lists, shows, follows and cancels training jobs.
void AddJobsCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_JOBS_COMMAND_H_
