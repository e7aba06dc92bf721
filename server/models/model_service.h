// runnel.v1.ModelService: translates, and hands calls on.
#ifndef RUNNEL_SERVER_MODELS_MODEL_SERVICE_H_
#define RUNNEL_SERVER_MODELS_MODEL_SERVICE_H_

#include "runnel/v1/models.grpc.pb.h"
#include "server/models/model_parts.h"

namespace runnel::server {

class ModelService final : public v1::ModelService::CallbackService {
 public:
  // The parts must outlive the service and its calls.
  explicit ModelService(const ModelParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const v1::GetModelRequest* request,
                                     v1::GetModelResponse* response) override;
  grpc::ServerUnaryReactor* DeleteModel(grpc::CallbackServerContext* context,
                                        const v1::DeleteModelRequest* request,
                                        v1::DeleteModelResponse* response) override;
  grpc::ServerUnaryReactor* SetModelLabel(grpc::CallbackServerContext* context,
                                          const v1::SetModelLabelRequest* request,
                                          v1::SetModelLabelResponse* response) override;
  grpc::ServerReadReactor<v1::ImportModelRequest>* ImportModel(
      grpc::CallbackServerContext* context, v1::ImportModelResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportModelResponse>* ExportModel(
      grpc::CallbackServerContext* context, const v1::ExportModelRequest* request) override;

 private:
  absl::Status List(const v1::ListModelsRequest& request, v1::ListModelsResponse* response) const;
  absl::Status Get(const v1::GetModelRequest& request, v1::GetModelResponse* response) const;
  absl::Status Delete(const v1::DeleteModelRequest& request) const;

  const ModelParts parts_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_MODELS_MODEL_SERVICE_H_
