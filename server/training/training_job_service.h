// runnel.v1.TrainingJobService: translates, and hands calls on.
#ifndef RUNNEL_SERVER_TRAINING_TRAINING_JOB_SERVICE_H_
#define RUNNEL_SERVER_TRAINING_TRAINING_JOB_SERVICE_H_

#include "runnel/v1/training.grpc.pb.h"
#include "server/training/training_parts.h"

namespace runnel::server {

class TrainingJobService final : public v1::TrainingJobService::CallbackService {
 public:
  // The parts must outlive the service and its calls.
  explicit TrainingJobService(const TrainingJobParts& parts) : parts_(parts) {}

  grpc::ServerReadReactor<v1::UploadCorpusRequest>* UploadCorpus(
      grpc::CallbackServerContext* context, v1::UploadCorpusResponse* response) override;
  grpc::ServerUnaryReactor* GetTrainingJob(grpc::CallbackServerContext* context,
                                           const v1::GetTrainingJobRequest* request,
                                           v1::GetTrainingJobResponse* response) override;
  grpc::ServerUnaryReactor* ListTrainingJobs(grpc::CallbackServerContext* context,
                                             const v1::ListTrainingJobsRequest* request,
                                             v1::ListTrainingJobsResponse* response) override;
  grpc::ServerUnaryReactor* CancelTrainingJob(grpc::CallbackServerContext* context,
                                              const v1::CancelTrainingJobRequest* request,
                                              v1::CancelTrainingJobResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchTrainingJobResponse>* WatchTrainingJob(
      grpc::CallbackServerContext* context, const v1::WatchTrainingJobRequest* request) override;

 private:
  absl::Status List(const v1::ListTrainingJobsRequest& request,
                    v1::ListTrainingJobsResponse* response) const;

  const TrainingJobParts parts_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_TRAINING_TRAINING_JOB_SERVICE_H_
