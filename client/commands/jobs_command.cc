#include "client/commands/jobs_command.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands/field_flags.h"
#include "client/commands/follow_job.h"
#include "client/net/call_server.h"
#include "client/output/enum_name.h"
#include "client/output/message_text.h"
#include "client/output/terminal_text.h"
#include "runnel/v1/training.grpc.pb.h"

namespace runnel::client {
namespace {

struct JobsCommand : CommandState {
  v1::ListTrainingJobsRequest list;
  v1::GetTrainingJobRequest show;  // also for watch
  v1::CancelTrainingJobRequest cancel;
  bool json = false;
};

ExitCode RunList(CommandContext& context, JobsCommand& command) {
  const auto all =
      ListAll(context.connection, &v1::TrainingJobService::Stub::ListTrainingJobs, command.list);
  if (!all.ok()) return Fail(context, all.status());
  if (command.json) return WriteJson(context, *all);
  context.out.Write(JobsTable(all->jobs()));
  return ExitCode::kOk;
}

absl::StatusOr<v1::GetTrainingJobResponse> GetJob(CommandContext& context,
                                                  const JobsCommand& command) {
  return CallServer(context.connection, &v1::TrainingJobService::Stub::GetTrainingJob,
                    command.show);
}

ExitCode RunShow(CommandContext& context, JobsCommand& command) {
  const auto response = GetJob(context, command);
  if (!response.ok()) return Fail(context, response.status());
  if (command.json) return WriteJson(context, response->job());
  context.out.Write(JobFields(response->job()));
  return ExitCode::kOk;
}

ExitCode RunWatch(CommandContext& context, JobsCommand& command) {
  const auto response = GetJob(context, command);
  if (!response.ok()) return Fail(context, response.status());
  return FollowJob(context, response->job(), OnInterrupt::kLeaveJob);
}

std::string CancelLine(const std::string& id, const v1::TrainingJob& job) {
  std::string line = absl::StrCat("job ", EscapeLine(id), " is ");
  const bool has_ended =
      job.state() != v1::TRAINING_JOB_STATE_QUEUED && job.state() != v1::TRAINING_JOB_STATE_RUNNING;
  line += has_ended ? EnumName(job.state()) : "being cancelled";
  if (job.published_version() > 0) {
    absl::StrAppend(&line, ", published ", EscapeLine(job.model()), ":", job.published_version());
  }
  return line;
}

ExitCode RunCancel(CommandContext& context, JobsCommand& command) {
  const auto response = CallServer(
      context.connection, &v1::TrainingJobService::Stub::CancelTrainingJob, command.cancel);
  if (!response.ok()) return Fail(context, response.status());
  v1::TrainingJob job = response->job();
  Call call(context.connection);
  if (const auto ended = AwaitEnd(context, command.cancel.id(), call.context())) job = *ended;
  context.out.Write(CancelLine(command.cancel.id(), job) + "\n");
  return ExitCode::kOk;
}

void AddListFlags(CLI::App& app, JobsCommand& command) {
  AddFieldFlags(app,
                {{"--model", "model", "Only jobs for this model", FieldText::kNotEmpty},
                 {"--state", "state", "Only jobs in this state"}},
                &command.list, &command.flag_names);
  app.add_flag("--json", command.json, "Print JSON");
}

}  // namespace

void AddJobsCommand(CLI::App& app, CommandLine& line) {
  const auto command = std::make_shared<JobsCommand>();
  CLI::App* jobs = app.add_subcommand("jobs", "List, show, follow and cancel training jobs");
  jobs->require_subcommand(0, 1);
  AddListFlags(*jobs, *command);

  CLI::App* list = jobs->add_subcommand("list", "List the jobs, newest first (same as `jobs`)");
  AddListFlags(*list, *command);
  list->callback(RunWith(line, command, RunList));

  CLI::App* show = jobs->add_subcommand("show", "Show one job");
  AddFieldFlags(*show, {{"ID", "id", "The job", FieldText::kNotEmpty}}, &command->show,
                &command->flag_names);
  show->add_flag("--json", command->json, "Print JSON");
  show->callback(RunWith(line, command, RunShow));

  CLI::App* watch =
      jobs->add_subcommand("watch", "Follow a job to its end; after Ctrl-C the job continues");
  AddFieldFlags(*watch, {{"ID", "id", "The job", FieldText::kNotEmpty}}, &command->show,
                &command->flag_names);
  watch->callback(RunWith(line, command, RunWatch));

  CLI::App* cancel = jobs->add_subcommand("cancel", "End a job");
  AddFieldFlags(*cancel,
                {{"ID", "id", "The job", FieldText::kNotEmpty},
                 {"--publish", "publish", "Publish what it has learned so far"}},
                &command->cancel, &command->flag_names);
  cancel->callback(RunWith(line, command, RunCancel));

  jobs->callback([jobs, command, &line] {
    if (jobs->get_subcommands().empty()) RunWith(line, command, RunList)();
  });
}

}  // namespace runnel::client
