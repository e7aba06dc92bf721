// The `runnel` command: hands the process's streams, terminal and signals to RunClient.

#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "client/run_client.h"

namespace {

constexpr int kDefaultColumns = 80;

int TerminalColumns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultColumns;
}

double Now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Adds `signal` unless the process was started to ignore it, as under nohup.
void AddUnlessIgnored(int signal, sigset_t* set) {
  struct sigaction action {};
  if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
    sigaddset(set, signal);
  }
}

// A thread that waits for signals may lock and call gRPC, which a signal handler may not. The first
// signal asks the command to tidy up, or ends the program if there is nothing to tidy up; the
// second ends it in any case.
void HandleInterrupts(runnel::client::Interrupt& interrupt) {
  sigset_t signals;
  sigemptyset(&signals);
  AddUnlessIgnored(SIGINT, &signals);
  AddUnlessIgnored(SIGTERM, &signals);
  // Blocked before any other thread starts, so that none but this one receives them.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, &interrupt] {
    int signal;
    while (sigwait(&signals, &signal) == 0) {
      const bool is_second = interrupt.triggered();
      if (!interrupt.Trigger() || is_second) {
        _exit(static_cast<int>(runnel::client::ExitCode::kInterrupted));
      }
    }
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that leaves shows as a failed write, which ends the call in good order.
  std::signal(SIGPIPE, SIG_IGN);
  // gRPC's log repeats what the error message says.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  std::ios::sync_with_stdio(false);
  static runnel::client::Interrupt interrupt;  // the signal thread outlives main's frame
  HandleInterrupts(interrupt);
  runnel::client::Environment environment{
      std::cin,        std::cout, std::cerr, isatty(STDOUT_FILENO) != 0,
      TerminalColumns, Now_s,     interrupt};
  return runnel::client::RunClient({argv + 1, argv + argc}, environment);
}
