// JSON out of files that may say anything.
#ifndef RUNNEL_CORE_MODEL_JSON_H_
#define RUNNEL_CORE_MODEL_JSON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

using Json = nlohmann::json;

// An object. DATA_LOSS saying what is wrong with `what` if `text` is not one, names a member of an
// object twice, or holds more than a version file has use for: nesting that would exhaust the
// stack, or values that take many times their text's memory.
absl::StatusOr<Json> ParseJsonObject(absl::string_view text, absl::string_view what);

// One line; what is not UTF-8 in it is replaced.
std::string JsonText(const Json& json);

// A member of an object; null where it has none of that name or of that type.
const Json* Member(const Json& object, const char* name, Json::value_t type);

// The member's value; `otherwise` where there is none of that type, or it does not fit.
int64_t IntegerOr(const Json& object, const char* name, int64_t otherwise);
std::string StringOr(const Json& object, const char* name, std::string otherwise);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_JSON_H_
