#ifndef RUNNEL_CLIENT_RUN_CLIENT_H_
#define RUNNEL_CLIENT_RUN_CLIENT_H_

#include <string>
#include <vector>

#include "client/commands/command.h"

namespace runnel::client {

// The whole `runnel` command: parses `args` (without the program's name), calls the server, writes
// to the environment's streams. The result is the process's exit status, as listed in exit_code.h.
int RunClient(const std::vector<std::string>& args, Environment& environment);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_RUN_CLIENT_H_
