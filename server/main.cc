// runnel-server: parses its flags, serves until SIGTERM or SIGINT, drains, and exits with 0. It
// exits with 1 if it cannot start and with 2 for a bad flag.
#include <grpc/grpc.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "core/math/instruction_set.h"
#include "server/base/allocator.h"
#include "server/base/descriptors.h"
#include "server/base/log.h"
#include "server/options.h"
#include "server/server.h"

namespace runnel::server {
namespace {

constexpr int kCannotStart = 1;
constexpr int kForced = 1;

// Interrupts (Control-C) so far. The second one ends the process at once.
std::atomic<int> interrupts = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler uses it");

// Blocks the signals in this thread and in those that it starts, so that they wait for sigwait.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Returns when SIGTERM or SIGINT has come.
void WaitForTheEnd(const sigset_t& signals) {
  while (true) {
    int number = 0;
    sigwait(&signals, &number);
    if (number == SIGINT) ++interrupts;
    if (number != SIGHUP) {
      Log(LogLevel::kInfo, absl::StrCat("signal ", number, ": shutting down"));
      return;
    }
    Log(LogLevel::kInfo, "SIGHUP: there is nothing to reload; the server keeps running");
  }
}

// From now on only a second SIGINT ends the process. Supervisors send SIGTERM more than once, and
// a terminal that is closed sends SIGHUP: neither may cut the streams that are finishing.
void EndAtSecondInterrupt(const sigset_t& signals) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGINT, [](int) {
    if (++interrupts >= 2) _exit(kForced);
  });
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void LogStart(const ServerOptions& options, const Server& server) {
  Log(LogLevel::kInfo,
      absl::StrCat("runnel-server ", Version(), " listens on ", server.address(), "; data folder ",
                   options.data_dir, "; ", options.threads, " threads train, ",
                   options.generation_threads, " write; memory limit ", options.memory_bytes >> 20,
                   " MiB; instruction set ", InstructionSetName(options.instruction_set), " (",
                   ChosenInstructionSet(), ")"));
}

// Starts a server, serves until a signal ends it, and returns the exit code.
int Serve(const ServerOptions& options, const sigset_t& signals) {
  auto server = Server::Start(options);
  if (!server.ok()) {
    Log(LogLevel::kError, server.status().message());
    return kCannotStart;
  }
  LogStart(options, **server);
  std::cout << "runnel-server listening on " << (*server)->address() << std::endl;
  WaitForTheEnd(signals);
  EndAtSecondInterrupt(signals);
  (*server)->Drain();
  return 0;
}

int Main(int argc, char** argv) {
  TuneAllocator();
  const ParsedOptions parsed = ParseOptions(argc, argv);
  if (!parsed.run) return parsed.exit_code;
  const sigset_t signals = BlockSignals();
  RaiseDescriptorLimit();
  RouteLibraryLogs();
  LimitInstructionSet(parsed.options.instruction_set);
  // The process ends without the shutdown of gRPC: if the system has refused gRPC a thread for its
  // timers, that shutdown waits for this thread for ever.
  grpc_init();
  const int code = Serve(parsed.options, signals);
  std::cout.flush();
  _exit(code);
}

}  // namespace
}  // namespace runnel::server

int main(int argc, char** argv) { return runnel::server::Main(argc, argv); }
