#include "client/commands/jobs_command.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands/field_flags.h"
#include "client/commands/follow_job.h"
#include "client/output/enum_name.h"
#include "client/output/json.h"
#include "client/output/message_text.h"
#include "client/output/terminal_text.h"
#include "runnel/v1/training.grpc.pb.h"

namespace runnel::client {
namespace {

struct JobsCommand {
  v1::ListTrainingJobsRequest list;
  v1::GetTrainingJobRequest show;  // also of watch
  v1::CancelTrainingJobRequest cancel;
  bool json = false;
  FlagNames flag_names;
};

ExitCode RunList(CommandContext& context, const JobsCommand& command) {
  const auto stub = context.NewStub<v1::TrainingJobService>();
  v1::ListTrainingJobsResponse all;
  v1::ListTrainingJobsRequest request = command.list;
  do {
    Call call(context.connection);
    v1::ListTrainingJobsResponse page;
    const grpc::Status status = stub->ListTrainingJobs(call.context(), request, &page);
    if (!status.ok()) return Fail(context, status);
    all.mutable_jobs()->MergeFrom(page.jobs());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (command.json) return WriteJson(context, all);
  context.out.Write(JobsTable(all.jobs()));
  return ExitCode::kOk;
}

grpc::Status GetJob(CommandContext& context, const JobsCommand& command,
                    v1::GetTrainingJobResponse* response) {
  Call call(context.connection);
  return context.NewStub<v1::TrainingJobService>()->GetTrainingJob(call.context(), command.show,
                                                                   response);
}

ExitCode RunShow(CommandContext& context, const JobsCommand& command) {
  v1::GetTrainingJobResponse response;
  const grpc::Status status = GetJob(context, command, &response);
  if (!status.ok()) return Fail(context, status);
  if (command.json) return WriteJson(context, response.job());
  context.out.Write(JobFields(response.job()));
  return ExitCode::kOk;
}

ExitCode RunWatch(CommandContext& context, const JobsCommand& command) {
  v1::GetTrainingJobResponse response;
  const grpc::Status status = GetJob(context, command, &response);
  if (!status.ok()) return Fail(context, status);
  return FollowJob(context, response.job(), OnInterrupt::kLeaveJob);
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

ExitCode RunCancel(CommandContext& context, const JobsCommand& command) {
  v1::TrainingJob job;
  {
    Call call(context.connection);
    v1::CancelTrainingJobResponse response;
    const grpc::Status status = context.NewStub<v1::TrainingJobService>()->CancelTrainingJob(
        call.context(), command.cancel, &response);
    if (!status.ok()) return Fail(context, status);
    job = response.job();
  }
  Call call(context.connection);
  if (const auto ended = AwaitEnd(context, command.cancel.id(), call.context())) job = *ended;
  context.out.Write(CancelLine(command.cancel.id(), job) + "\n");
  return ExitCode::kOk;
}

void AddListFlags(CLI::App& app, JobsCommand& command) {
  AddFieldFlags(app,
                {{"--model", "model", "Only jobs for this model"},
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
  const auto set_run = [command, &line](ExitCode (*run)(CommandContext&, const JobsCommand&)) {
    return [command, &line, run] {
      line.flag_names = command->flag_names;
      line.run = [command, run](CommandContext& context) { return run(context, *command); };
    };
  };

  CLI::App* list = jobs->add_subcommand("list", "The jobs, newest first (also without `list`)");
  AddListFlags(*list, *command);
  list->callback(set_run(RunList));

  CLI::App* show = jobs->add_subcommand("show", "One job");
  AddFieldFlags(*show, {{"ID", "id", "The job"}}, &command->show, &command->flag_names);
  show->add_flag("--json", command->json, "Print JSON");
  show->callback(set_run(RunShow));

  CLI::App* watch =
      jobs->add_subcommand("watch", "Follow a job to its end; Ctrl-C leaves it alone");
  AddFieldFlags(*watch, {{"ID", "id", "The job"}}, &command->show, &command->flag_names);
  watch->callback(set_run(RunWatch));

  CLI::App* cancel = jobs->add_subcommand("cancel", "End a job");
  AddFieldFlags(
      *cancel,
      {{"ID", "id", "The job"}, {"--publish", "publish", "Publish what it has learned so far"}},
      &command->cancel, &command->flag_names);
  cancel->callback(set_run(RunCancel));

  jobs->callback([jobs, set_run] {
    if (jobs->get_subcommands().empty()) set_run(RunList)();
  });
}

}  // namespace runnel::client
