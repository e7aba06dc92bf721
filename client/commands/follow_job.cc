#include "client/commands/follow_job.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "client/net/call_server.h"
#include "client/output/progress_line.h"
#include "client/output/terminal_text.h"
#include "client/output/training_view.h"
#include "runnel/v1/training.grpc.pb.h"

namespace runnel::client {
namespace {

// The time limit for the cancellation after an interrupt. It is short because the user is waiting.
constexpr std::chrono::seconds kCancelTimeout(10);

// The time limit for publishing afterwards, which includes a last evaluation. A second interrupt
// ends the command at once.
constexpr std::chrono::minutes kPublishTimeout(5);

// The beginning of a command that uses this client with the same server.
std::string CommandPrefix(const CommandContext& context) {
  return absl::StrCat("runnel --server ", context.connection.server(), " jobs ");
}

void TellJobMayContinue(CommandContext& context, const std::string& id) {
  context.environment.err << "runnel: the job may still be running; to see it: "
                          << CommandPrefix(context) << "show " << EscapeLine(id) << "\n";
}

std::optional<v1::TrainingJob> GetJob(CommandContext& context, const std::string& id) {
  v1::GetTrainingJobRequest request;
  request.set_id(id);
  const auto response =
      CallServer(context.connection, &v1::TrainingJobService::Stub::GetTrainingJob, request);
  if (!response.ok()) return std::nullopt;
  return response->job();
}

void TellPublished(CommandContext& context, const std::string& id) {
  grpc::ClientContext call;  // not a Call, which the interrupt would cancel
  call.set_deadline(std::chrono::system_clock::now() + kPublishTimeout);
  const auto ended = AwaitEnd(context, id, &call);
  if (ended && ended->published_version() > 0) {
    context.environment.err << "runnel: published " << EscapeLine(ended->model()) << ":"
                            << ended->published_version() << "\n";
  } else {
    context.environment.err << "runnel: nothing is published so far; to see the job: "
                            << CommandPrefix(context) << "show " << EscapeLine(id) << "\n";
  }
}

ExitCode HandleInterrupt(CommandContext& context, const std::string& id, OnInterrupt on_interrupt) {
  std::ostream& err = context.environment.err;
  const std::string shown_id = EscapeLine(id);
  if (on_interrupt == OnInterrupt::kLeaveJob) {
    err << "runnel: stopped watching; the job continues. To end it: " << CommandPrefix(context)
        << "cancel " << shown_id << "\n";
    return ExitCode::kInterrupted;
  }
  err << "runnel: interrupted, cancelling job " << shown_id << "\n";
  grpc::ClientContext call;  // not a Call, which the interrupt would cancel
  call.set_deadline(std::chrono::system_clock::now() + kCancelTimeout);
  v1::CancelTrainingJobRequest request;
  request.set_id(id);
  request.set_publish(on_interrupt == OnInterrupt::kCancelJobAndPublish);
  v1::CancelTrainingJobResponse response;
  v1::TrainingJobService::Stub stub(context.connection.channel());
  const grpc::Status status = stub.CancelTrainingJob(&call, request, &response);
  if (!status.ok()) {
    err << ErrorText(FromServer(status), context.connection.server(), context.flag_names);
    TellJobMayContinue(context, id);
  } else if (request.publish()) {
    TellPublished(context, id);
  }
  return ExitCode::kInterrupted;
}

ExitCode ShowEnd(CommandContext& context, const v1::TrainingJob& job, const TrainingView& view) {
  const ExitCode code = ExitCodeOf(job.state());
  const std::string line = EndLine(job, view.best_validation_loss());
  if (code == ExitCode::kOk) {
    context.out.Write(line + "\n");
  } else {
    context.environment.err << "runnel: " << line << "\n";
  }
  return code;
}

ExitCode TellLostConnection(CommandContext& context, const std::string& id,
                            const grpc::Status& status) {
  const ExitCode code = Fail(context, FromServer(status));
  TellJobMayContinue(context, id);
  return code;
}

// Shows reports until the job has ended, the stream breaks or the output has no reader any more.
// Returns the ended job, if that was received.
std::optional<v1::TrainingJob> ShowReports(CommandContext& context, const v1::TrainingJob& job,
                                           Call& call,
                                           grpc::ClientReader<v1::WatchTrainingJobResponse>& reader,
                                           TrainingView& view) {
  std::optional<v1::TrainingJob> ended;
  v1::WatchTrainingJobResponse response;
  while (reader.Read(&response)) {
    if (response.has_ended_job()) {
      ended = response.ended_job();
      view.ShowCorpus(*ended);
    } else if (!view.corpus_shown()) {
      // While a job is queued, the server does not know its corpus yet.
      if (const auto seen = GetJob(context, job.id())) view.ShowCorpus(*seen);
    }
    if (response.has_progress()) view.ShowReport(response.progress());
    if (context.out.failed()) call.context()->TryCancel();
  }
  return ended;
}

}  // namespace

ExitCode FollowJob(CommandContext& context, const v1::TrainingJob& job, OnInterrupt on_interrupt) {
  const Interrupt::Hold hold(context.environment.interrupt);
  TrainingView view(context.out, context.environment.now, context.environment.columns);
  view.ShowCorpus(job);
  std::optional<v1::TrainingJob> ended;
  grpc::Status status;
  {
    Call call(context.connection);
    v1::WatchTrainingJobRequest request;
    request.set_id(job.id());
    request.set_from_start(true);
    v1::TrainingJobService::Stub stub(context.connection.channel());
    const auto reader = stub.WatchTrainingJob(call.context(), request);
    ended = ShowReports(context, job, call, *reader, view);
    status = reader->Finish();
  }
  view.FinishLine();
  if (ended) return ShowEnd(context, *ended, view);
  if (context.environment.interrupt.triggered()) {
    return HandleInterrupt(context, job.id(), on_interrupt);
  }
  if (context.out.failed()) return ExitCode::kOk;  // RunClient reports failed output
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) {
    return Fail(context, FromServer(status));
  }
  if (status.ok()) {
    status = {grpc::StatusCode::UNAVAILABLE, "it stopped reporting before the job ended"};
  }
  return TellLostConnection(context, job.id(), status);
}

std::optional<v1::TrainingJob> AwaitEnd(CommandContext& context, const std::string& id,
                                        grpc::ClientContext* call) {
  v1::TrainingJobService::Stub stub(context.connection.channel());
  v1::WatchTrainingJobRequest request;
  request.set_id(id);
  const auto reader = stub.WatchTrainingJob(call, request);
  std::optional<v1::TrainingJob> ended;
  v1::WatchTrainingJobResponse response;
  while (reader->Read(&response)) {
    if (response.has_ended_job()) ended = response.ended_job();
  }
  (void)reader->Finish();
  return ended;
}

}  // namespace runnel::client
