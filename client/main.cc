// The `runnel` command: passes the process's streams, terminal and signals to RunClient.

#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <system_error>
#include <thread>

#include "client/run_client.h"

namespace {

constexpr int kDefaultColumns = 80;

int TerminalColumns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultColumns;
}

// Adds `signal` to `set` unless the process was started with that signal ignored, as nohup does.
void AddUnlessIgnored(int signal, sigset_t* set) {
  struct sigaction action {};
  if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
    sigaddset(set, signal);
  }
}

// Starts a thread that waits for signals. Unlike a signal handler, it may take locks and call gRPC.
// The first signal interrupts the command, or ends the program if nothing needs to be finished or
// undone. The second signal always ends the program. Returns false, after a message, if the system
// refuses the thread.
bool HandleInterrupts(runnel::client::Interrupt& interrupt) {
  sigset_t signals;
  sigemptyset(&signals);
  AddUnlessIgnored(SIGINT, &signals);
  AddUnlessIgnored(SIGTERM, &signals);
  // The signals are blocked before any other thread starts, so that only this one receives them.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto wait_for_signals = [signals, &interrupt] {
    int signal;
    while (sigwait(&signals, &signal) == 0) {
      const bool is_second = interrupt.triggered();
      if (!interrupt.Trigger() || is_second) {
        _exit(static_cast<int>(runnel::client::ExitCode::kInterrupted));
      }
    }
  };
  try {
    std::thread(wait_for_signals).detach();
  } catch (const std::system_error& error) {
    std::cerr << "runnel: the system refused to start a thread (" << error.code().message()
              << "); raise the limit of processes\n";
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  // Without the signal, a reader that is gone causes a failed write, after which the command ends
  // normally.
  std::signal(SIGPIPE, SIG_IGN);
  // gRPC's log only repeats the error messages.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  std::ios::sync_with_stdio(false);
  static runnel::client::Interrupt
      interrupt;  // because the signal thread outlives main's stack frame
  if (!HandleInterrupts(interrupt)) return static_cast<int>(runnel::client::ExitCode::kFailed);
  runnel::client::Environment environment{std::cin,        std::cout,
                                          std::cerr,       isatty(STDOUT_FILENO) != 0,
                                          TerminalColumns, std::chrono::steady_clock::now,
                                          interrupt};
  return runnel::client::RunClient({argv + 1, argv + argc}, environment);
}
