// The `score` and `fill` commands.
#ifndef RUNNEL_CLIENT_COMMANDS_SCORE_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_SCORE_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel score`, which shows how likely a model finds a text.
void AddScoreCommand(CLI::App& app, CommandLine& line);

// Adds `runnel fill`, which fills the blanks in a text.
void AddFillCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_SCORE_COMMAND_H_
