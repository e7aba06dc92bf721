// The `runnel` command without its process.
#ifndef RUNNEL_CLIENT_RUN_CLIENT_H_
#define RUNNEL_CLIENT_RUN_CLIENT_H_

#include <string>
#include <vector>

#include "client/net/environment.h"

namespace runnel::client {

// Runs the `runnel` command: parses `args` (without the program's name), calls the server and
// writes to the environment's streams. Returns the exit status of the process, one of ExitCode.
int RunClient(const std::vector<std::string>& args, Environment& environment);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_RUN_CLIENT_H_
