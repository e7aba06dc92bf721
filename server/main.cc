// runnel-server: parses its flags, serves until SIGTERM or SIGINT, drains, and exits with 0; with 1
// if it cannot start, with 2 for a bad flag. A second signal ends it at once.
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/options.h"
#include "server/server.h"

namespace runnel::server {
namespace {

constexpr int kCannotStart = 1;

// Blocks the signals in this thread and all that it starts, so that they wait for sigwait.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// From now on a signal ends the process. Not the default action: process 1 of a container has none.
void ExitOnSignal(const sigset_t& signals) {
  for (const int number : {SIGTERM, SIGINT}) {
    signal(number, [](int) { _exit(kCannotStart); });
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

int Main(int argc, char** argv) {
  const ParsedOptions parsed = ParseOptions(argc, argv);
  if (!parsed.run) return parsed.exit_code;
  const sigset_t signals = BlockSignals();
  RouteLibraryLogs();
  LimitInstructionSet(parsed.options.instruction_set);
  auto server = Server::Start(parsed.options);
  if (!server.ok()) {
    Log(LogLevel::kError, server.status().message());
    return kCannotStart;
  }
  Log(LogLevel::kInfo, absl::StrCat("instruction set: ", ChosenInstructionSet()));
  std::cout << "runnel-server listening on " << (*server)->address() << std::endl;
  int number = 0;
  sigwait(&signals, &number);
  Log(LogLevel::kInfo, absl::StrCat("signal ", number, ": shutting down"));
  ExitOnSignal(signals);
  (*server)->Drain();
  return 0;
}

}  // namespace
}  // namespace runnel::server

int main(int argc, char** argv) { return runnel::server::Main(argc, argv); }
