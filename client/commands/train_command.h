// The `train` command.
#ifndef RUNNEL_CLIENT_COMMANDS_TRAIN_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_TRAIN_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel train`, which sends a text, starts a training job on it and shows its progress.
// Ctrl-C cancels the job.
void AddTrainCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_TRAIN_COMMAND_H_
