// Queues the work of requests that need a model.
//
// If the model is in memory, the work begins on the next free thread for requests. Otherwise the
// model is read first, on threads for loading, so that no request waits for another one's file.
#ifndef RUNNEL_SERVER_BASE_MODEL_REQUESTS_H_
#define RUNNEL_SERVER_BASE_MODEL_REQUESTS_H_

#include <google/protobuf/message_lite.h>

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/violations.h"
#include "core/model/model_store.h"
#include "server/base/executor.h"
#include "server/base/memory_budget.h"

namespace runnel::server {

// The model that a request names, or why there is none: INVALID_ARGUMENT if the reference is
// malformed, otherwise an error of ModelStore::Load.
using FoundModel = absl::StatusOr<std::shared_ptr<const LoadedModel>>;

// Thread-safe.
class ModelRequests {
 public:
  using Task = std::function<void(const FoundModel& found)>;

  // Tasks run on `requests`, files are read on `loads`. All objects must outlive the tasks, so
  // `requests` must be destroyed after `loads`.
  ModelRequests(ModelStore* models, MemoryBudget* memory, Executor* requests, Executor* loads)
      : models_(*models), memory_(*memory), requests_(*requests), loads_(*loads) {}

  // Queues work on `request`, whose memory is claimed until the work is done, and gives it the
  // model that `reference` means when the request arrives. RESOURCE_EXHAUSTED, and the task is
  // dropped, if too many tasks wait or too little memory is free. If there is no room among the
  // requests after the model has been read, the task runs at once and gets that error.
  absl::Status Submit(absl::string_view reference, const google::protobuf::MessageLite& request,
                      Task task);

 private:
  ModelStore& models_;
  MemoryBudget& memory_;
  Executor& requests_;
  Executor& loads_;
};

// Returns the model, unless something is wrong with the request: INVALID_ARGUMENT with
// `violations`, which are those of the request's other fields, and with that of a malformed
// reference in the field `model`. Otherwise the error of `found`, if it has one.
FoundModel UnlessInvalid(const FoundModel& found, Violations violations);

// Puts "model NAME:VERSION: " before the message and keeps the code.
absl::Status OfModel(const LoadedModel& model, const absl::Status& status);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_MODEL_REQUESTS_H_
