// The exit status of the `runnel` command.
#ifndef RUNNEL_CLIENT_OUTPUT_EXIT_CODE_H_
#define RUNNEL_CLIENT_OUTPUT_EXIT_CODE_H_

#include "absl/status/status.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// The values; kExitCodesHelp is the same list for --help.
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,         // the request failed, the job FAILED, or the server is not serving
  kUsage = 2,          // bad usage, or INVALID_ARGUMENT, OUT_OF_RANGE, FAILED_PRECONDITION
  kNotFound = 3,       // NOT_FOUND
  kUnreachable = 4,    // UNAVAILABLE: there is no server, or it is shutting down
  kDeadline = 5,       // DEADLINE_EXCEEDED: --timeout ran out
  kInterrupted = 130,  // Ctrl-C, or the job was cancelled
};

inline constexpr char kExitCodesHelp[] =
    "Exit status:\n"
    "  0    done\n"
    "  1    the request or the training job failed; health: not serving\n"
    "  2    bad usage, or the server rejected the request as invalid\n"
    "  3    no such model, version or job\n"
    "  4    the server cannot be reached or is shutting down\n"
    "  5    --timeout ran out\n"
    "  130  interrupted, or the training job was cancelled\n";

// Returns the exit code for an error.
ExitCode ExitCodeOf(const absl::Status& status);

// Returns the exit code for a followed job that has ended in the state `ended`.
ExitCode ExitCodeOf(v1::TrainingJobState ended);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_EXIT_CODE_H_
