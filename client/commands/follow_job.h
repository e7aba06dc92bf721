#ifndef RUNNEL_CLIENT_COMMANDS_FOLLOW_JOB_H_
#define RUNNEL_CLIENT_COMMANDS_FOLLOW_JOB_H_

#include <string>

#include "absl/types/optional.h"
#include "client/commands/command.h"
#include "runnel/v1/training.pb.h"

namespace runnel::client {

// What Ctrl-C means to a job that is being followed.
enum class OnInterrupt { kLeaveJob, kCancelJob, kCancelJobAndPublish };

// Shows `job` from its first report to its end; the code is that of its end. If the connection is
// lost, says that the job may go on and how to look. An interrupt ends the following, does to
// the job what `on_interrupt` says, and gives kInterrupted.
ExitCode FollowJob(CommandContext& context, const v1::TrainingJob& job, OnInterrupt on_interrupt);

// Waits for the end of a job that has been asked to end; nothing if the call fails. `call` limits
// the wait.
absl::optional<v1::TrainingJob> AwaitEnd(CommandContext& context, const std::string& id,
                                         grpc::ClientContext* call);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_FOLLOW_JOB_H_
