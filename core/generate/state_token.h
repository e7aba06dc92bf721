// A session's state as opaque bytes that a client keeps:
//
//   4 bytes   "RnlS"
//   8 bytes   XXH3-64 of the rest, little-endian as all numbers
//   rest      format (1 byte), model digest (16), decode precision (1), then SessionState's fields
//             in their order; lists and texts begin with their length (4 bytes)
//
// Tokens are hostile until they are checked: memory is only allocated as far as the token's own
// bytes fill it.
#ifndef RUNNEL_CORE_GENERATE_STATE_TOKEN_H_
#define RUNNEL_CORE_GENERATE_STATE_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/generate/session_state.h"
#include "core/nn/language_model.h"

namespace runnel {

std::string EncodeStateToken(const SessionState& state, const LanguageModel& model);

// INVALID_ARGUMENT if the token is damaged or makes no sense; FAILED_PRECONDITION if it belongs to
// another model version, decode precision or release.
absl::StatusOr<SessionState> DecodeStateToken(absl::string_view token, const LanguageModel& model);

}  // namespace runnel

#endif  // RUNNEL_CORE_GENERATE_STATE_TOKEN_H_
