#include "server/base/model_requests.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/model/model_reference.h"
#include "server/base/request_queue.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

absl::Status ModelRequests::Submit(absl::string_view reference,
                                   const google::protobuf::MessageLite& request, Task task) {
  const absl::StatusOr<ModelReference> parsed = ParseModelReference(reference);
  FoundModel found = parsed.ok() ? models_.Find(*parsed) : FoundModel(parsed.status());
  auto claim = ClaimMemoryOf(request, &memory_);
  if (!claim.ok()) return claim.status();
  const bool must_be_read = found.ok() && *found == nullptr;
  if (!must_be_read) {
    return requests_.Submit([held = *std::move(claim), found = std::move(found),
                             task = std::move(task)] { task(found); });
  }
  return loads_.Submit([&models = models_, &requests = requests_, named = *parsed,
                        held = *std::move(claim), task = std::move(task)] {
    const FoundModel read = models.Load(named);
    const absl::Status submitted = requests.Submit([held, read, task] { task(read); });
    if (!submitted.ok()) task(submitted);
  });
}

FoundModel UnlessInvalid(const FoundModel& found, Violations violations) {
  if (absl::IsInvalidArgument(found.status())) {
    violations.Add("model", std::string(found.status().message()));
  }
  if (!violations.empty()) return ToStatus(violations);
  return found;
}

absl::Status OfModel(const LoadedModel& model, const absl::Status& status) {
  return WithField(absl::StrCat("model ", model.name, ":", model.version), status);
}

}  // namespace runnel::server
