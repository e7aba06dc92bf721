// The model that a request names.
#ifndef RUNNEL_SERVER_BASE_FIND_MODEL_H_
#define RUNNEL_SERVER_BASE_FIND_MODEL_H_

#include <grpcpp/support/status.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/violations.h"
#include "core/model/model_store.h"

namespace runnel::server {

// The problems so far and those of the reference, in the field `model`; or the model, whose file
// may have to be read.
grpc::Status FindModel(absl::string_view reference, Violations problems, ModelStore* models,
                       std::shared_ptr<const LoadedModel>* model);

// The same code; "model NAME:VERSION: " before the message.
absl::Status OfModel(const LoadedModel& model, const absl::Status& status);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_FIND_MODEL_H_
