// The `benchmark` command.
#ifndef RUNNEL_CLIENT_COMMANDS_BENCHMARK_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_BENCHMARK_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// Adds `runnel benchmark`, which runs many streams at the same time on a server and measures them.
void AddBenchmarkCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_BENCHMARK_COMMAND_H_
