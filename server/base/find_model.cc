#include "server/base/find_model.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/model/model_reference.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

grpc::Status FindModel(absl::string_view reference, Violations problems, ModelStore* models,
                       std::shared_ptr<const LoadedModel>* model) {
  const absl::StatusOr<ModelReference> parsed = ParseModelReference(reference);
  if (!parsed.ok()) problems.Add("model", std::string(parsed.status().message()));
  if (!problems.empty()) return ToGrpcStatus(problems);
  auto loaded = models->Load(*parsed);
  if (!loaded.ok()) return ToGrpcStatus(loaded.status());
  *model = *std::move(loaded);
  return grpc::Status::OK;
}

absl::Status OfModel(const LoadedModel& model, const absl::Status& status) {
  return WithField(absl::StrCat("model ", model.name, ":", model.version), status);
}

}  // namespace runnel::server
