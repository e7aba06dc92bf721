// Finds the model that a request names.
#ifndef RUNNEL_SERVER_BASE_FIND_MODEL_H_
#define RUNNEL_SERVER_BASE_FIND_MODEL_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/violations.h"
#include "core/model/model_store.h"

namespace runnel::server {

// Returns the model that `reference` names, which Engine::SubmitForModel has read into memory, so
// this only reads a file again if that failed. INVALID_ARGUMENT with `violations`, which are those
// of the request's other fields, and with the reference's own, in the field `model`; otherwise an
// error of ModelStore::Load.
absl::StatusOr<std::shared_ptr<const LoadedModel>> FindModel(absl::string_view reference,
                                                             Violations violations,
                                                             ModelStore* models);

// Puts "model NAME:VERSION: " before the message and keeps the code.
absl::Status OfModel(const LoadedModel& model, const absl::Status& status);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_FIND_MODEL_H_
