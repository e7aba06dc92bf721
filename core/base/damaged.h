// The error for a file whose content is wrong.
#ifndef RUNNEL_CORE_BASE_DAMAGED_H_
#define RUNNEL_CORE_BASE_DAMAGED_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace runnel {

// DATA_LOSS. The message may quote the file, which can say anything at any length, so a message of
// more than 500 bytes is cut between two characters.
absl::Status Damaged(absl::string_view what);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_DAMAGED_H_
