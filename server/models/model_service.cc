#include "server/models/model_service.h"

#include <vector>

#include "core/model/model_reference.h"
#include "server/base/allocator.h"
#include "server/base/finished_call.h"
#include "server/base/log.h"
#include "server/models/export_call.h"
#include "server/models/import_call.h"
#include "server/wire/model_convert.h"
#include "server/wire/paging.h"

namespace runnel::server {

grpc::ServerUnaryReactor* ModelService::ListModels(grpc::CallbackServerContext* context,
                                                   const v1::ListModelsRequest* request,
                                                   v1::ListModelsResponse* response) {
  return AnswerOn(&parts_.lists, context, *request,
                  [this, request, response] { return List(*request, response); });
}

// A page token is the last name of its page: models that come or go do not shift the next one.
absl::Status ModelService::List(const v1::ListModelsRequest& request,
                                v1::ListModelsResponse* response) const {
  Violations violations;
  const int page_size = CheckPageSize(request.page_size(), &violations);
  if (!request.page_token().empty() && !CheckModelName(request.page_token()).ok()) {
    violations.Add("page_token", "is not a token of this list");
  }
  if (!violations.empty()) return ToStatus(violations);
  // One more than the page tells whether there is another page.
  for (const auto& model : parts_.models.List(request.page_token(), page_size + size_t{1})) {
    if (response->models_size() == page_size) {
      response->set_next_page_token(response->models(page_size - 1).name());
      break;
    }
    *response->add_models() = ToProto(*model);
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ModelService::GetModel(grpc::CallbackServerContext* context,
                                                 const v1::GetModelRequest* request,
                                                 v1::GetModelResponse* response) {
  return AnswerOn(&parts_.lists, context, *request,
                  [this, request, response] { return Get(*request, response); });
}

absl::Status ModelService::Get(const v1::GetModelRequest& request,
                               v1::GetModelResponse* response) const {
  if (const absl::Status status = CheckModelName(request.name()); !status.ok()) {
    return AtField("name", status);
  }
  const auto model = parts_.models.Get(request.name());
  if (model.ok()) *response->mutable_model() = ToProto(*model);
  return model.status();
}

grpc::ServerUnaryReactor* ModelService::DeleteModel(grpc::CallbackServerContext* context,
                                                    const v1::DeleteModelRequest* request,
                                                    v1::DeleteModelResponse* /*response*/) {
  // Large files take long to delete, so this is not work for the threads that begin texts.
  return AnswerOn(&parts_.model_work, context, *request,
                  [this, request] { return Delete(*request); });
}

absl::Status ModelService::Delete(const v1::DeleteModelRequest& request) const {
  const absl::StatusOr<ModelReference> reference = ParseModelReference(request.model());
  if (!reference.ok()) return AtField("model", reference.status());
  absl::Status status = parts_.models.Delete(*reference);
  if (status.ok()) {
    ReturnFreedMemory();
    Log(LogLevel::kInfo, absl::StrCat("deleted ", reference->ToString()));
  }
  return status;
}

grpc::ServerUnaryReactor* ModelService::SetModelLabel(grpc::CallbackServerContext* context,
                                                      const v1::SetModelLabelRequest* request,
                                                      v1::SetModelLabelResponse* /*response*/) {
  return Answer(context, *request, [] { return NotOffered("SetModelLabel"); });
}

grpc::ServerReadReactor<v1::ImportModelRequest>* ModelService::ImportModel(
    grpc::CallbackServerContext* context, v1::ImportModelResponse* response) {
  return ImportCall::Start(parts_, context, response);
}

grpc::ServerWriteReactor<v1::ExportModelResponse>* ModelService::ExportModel(
    grpc::CallbackServerContext* context, const v1::ExportModelRequest* request) {
  return ExportCall::Start(parts_, *context, *request);
}

}  // namespace runnel::server
