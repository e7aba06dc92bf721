// Reads JSON from files that may say anything.
#ifndef RUNNEL_CORE_MODEL_JSON_H_
#define RUNNEL_CORE_MODEL_JSON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel {

using Json = nlohmann::json;

// Parses an object. DATA_LOSS saying what is wrong with `what` if `text` is not an object, names a
// member of an object twice, or has more than a version file needs: nesting that would exhaust the
// stack, values that take many times the memory of their text, or long names. Parsing stops at the
// first such place.
absl::StatusOr<Json> ParseJsonObject(absl::string_view text, absl::string_view what);

// The text of `json` in one line. Bytes that are not UTF-8 are replaced.
std::string JsonText(const Json& json);

// A member of an object; null if the object has none of that name and type.
const Json* Member(const Json& object, const char* name, Json::value_t type);

// The value of a member; `otherwise` if there is none of that type, or it does not fit.
int64_t IntegerOr(const Json& object, const char* name, int64_t otherwise);
std::string StringOr(const Json& object, const char* name, std::string otherwise);

}  // namespace runnel

#endif  // RUNNEL_CORE_MODEL_JSON_H_
