// Follows a training job until it ends.
#ifndef RUNNEL_CLIENT_COMMANDS_FOLLOW_JOB_H_
#define RUNNEL_CLIENT_COMMANDS_FOLLOW_JOB_H_

#include <optional>
#include <string>

#include "client/commands/command.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// What Ctrl-C does to a job that is being followed.
enum class OnInterrupt { kLeaveJob, kCancelJob, kCancelJobAndPublish };

// Shows `job` from its first report to its end, and returns the exit code for that end. If the
// connection is lost, the user reads that the job may still be running and which command shows it.
// After an interrupt, `on_interrupt` decides what happens to the job, and the result is
// kInterrupted.
ExitCode FollowJob(CommandContext& context, const v1::TrainingJob& job, OnInterrupt on_interrupt);

// Waits for the end of a job that has been asked to end, and returns the ended job, or nothing if
// the call fails. `call` limits the time.
std::optional<v1::TrainingJob> AwaitEnd(CommandContext& context, const std::string& id,
                                        grpc::ClientContext* call);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_FOLLOW_JOB_H_
