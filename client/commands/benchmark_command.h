#ifndef RUNNEL_CLIENT_COMMANDS_BENCHMARK_COMMAND_H_
#define RUNNEL_CLIENT_COMMANDS_BENCHMARK_COMMAND_H_

#include <CLI/App.hpp>

#include "client/commands/command.h"

namespace runnel::client {

// `runnel benchmark`: streams side by side on a running server, and how fast they were.
void AddBenchmarkCommand(CLI::App& app, CommandLine& line);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_BENCHMARK_COMMAND_H_
