#include "server/training/training_job_service.h"

#include <utility>

#include "server/base/finished_call.h"
#include "server/training/upload_call.h"
#include "server/training/watch_call.h"
#include "server/wire/paging.h"

namespace runnel::server {

grpc::ServerReadReactor<v1::UploadCorpusRequest>* TrainingJobService::UploadCorpus(
    grpc::CallbackServerContext* context, v1::UploadCorpusResponse* response) {
  return UploadCall::Start(parts_, context, response);
}

grpc::ServerUnaryReactor* TrainingJobService::GetTrainingJob(
    grpc::CallbackServerContext* context, const v1::GetTrainingJobRequest* request,
    v1::GetTrainingJobResponse* response) {
  return Answer(context, *request, [&] {
    const auto job = parts_.jobs.Find(request->id());
    if (job.ok()) *response->mutable_job() = (*job)->Snapshot();
    return job.status();
  });
}

grpc::ServerUnaryReactor* TrainingJobService::ListTrainingJobs(
    grpc::CallbackServerContext* context, const v1::ListTrainingJobsRequest* request,
    v1::ListTrainingJobsResponse* response) {
  return AnswerOn(&parts_.lists, context, *request,
                  [this, request, response] { return List(*request, response); });
}

absl::Status TrainingJobService::List(const v1::ListTrainingJobsRequest& request,
                                      v1::ListTrainingJobsResponse* response) const {
  Violations violations;
  const int page_size = CheckPageSize(request.page_size(), &violations);
  if (!v1::TrainingJobState_IsValid(request.state())) {
    AddUnknownEnum("state", request.state(), &violations);
  }
  if (!violations.empty()) return ToStatus(violations);
  auto page = parts_.jobs.List({.model = request.model(), .state = request.state()}, page_size,
                               request.page_token());
  if (!page.ok()) return AtField("page_token", page.status());
  for (const auto& job : page->jobs) *response->add_jobs() = job->Snapshot();
  response->set_next_page_token(std::move(page->next_page_token));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* TrainingJobService::CancelTrainingJob(
    grpc::CallbackServerContext* context, const v1::CancelTrainingJobRequest* request,
    v1::CancelTrainingJobResponse* response) {
  return Answer(context, *request, [&] {
    const auto job = parts_.jobs.Cancel(request->id(), request->publish());
    if (job.ok()) *response->mutable_job() = (*job)->Snapshot();
    return job.status();
  });
}

grpc::ServerWriteReactor<v1::WatchTrainingJobResponse>* TrainingJobService::WatchTrainingJob(
    grpc::CallbackServerContext* context, const v1::WatchTrainingJobRequest* request) {
  return WatchCall::Start(parts_, *context, *request);
}

}  // namespace runnel::server
