// How models are named: "name" (its newest version), "name:7" (that version), "name:stable" (a
// label).
#ifndef RUNNEL_CORE_MODEL_MODEL_REFERENCE_H_
#define RUNNEL_CORE_MODEL_MODEL_REFERENCE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

struct ModelReference {
  std::string name;
  int version = 0;    // 0: the newest, or the label's
  std::string label;  // empty: none

  std::string ToString() const;
};

// INVALID_ARGUMENT unless `name` is [a-z0-9][a-z0-9-]{0,62}; the message shows the name and the
// rule.
absl::Status CheckModelName(absl::string_view name);

// INVALID_ARGUMENT if it is malformed.
absl::StatusOr<ModelReference> ParseModelReference(absl::string_view reference);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_MODEL_REFERENCE_H_
