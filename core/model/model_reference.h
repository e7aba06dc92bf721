// References to models: "name" means the newest version, "name:7" the version 7, and "name:stable"
// the version with the label "stable".
#ifndef RUNNEL_CORE_MODEL_MODEL_REFERENCE_H_
#define RUNNEL_CORE_MODEL_MODEL_REFERENCE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

struct ModelReference {
  std::string name;
  int version = 0;    // 0: the newest version, or the one with the label
  std::string label;  // empty if the reference has no label

  std::string ToString() const;
};

// INVALID_ARGUMENT unless `name` is [a-z0-9][a-z0-9-]{0,62}; the message shows the name and the
// rule.
absl::Status CheckModelName(absl::string_view name);

// INVALID_ARGUMENT if it is malformed.
absl::StatusOr<ModelReference> ParseModelReference(absl::string_view reference);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_REFERENCE_H_
