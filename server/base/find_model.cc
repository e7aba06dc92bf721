#include "server/base/find_model.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/model/model_reference.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

absl::StatusOr<std::shared_ptr<const LoadedModel>> FindModel(absl::string_view reference,
                                                             Violations violations,
                                                             ModelStore* models) {
  const absl::StatusOr<ModelReference> parsed = ParseModelReference(reference);
  if (!parsed.ok()) violations.Add("model", std::string(parsed.status().message()));
  if (!violations.empty()) return ToStatus(violations);
  auto found = models->Find(*parsed);
  if (!found.ok() || *found != nullptr) return found;
  return models->Load(*parsed);  // fails as it did before, and says why
}

absl::Status OfModel(const LoadedModel& model, const absl::Status& status) {
  return WithField(absl::StrCat("model ", model.name, ":", model.version), status);
}

}  // namespace runnel::server
