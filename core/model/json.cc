#include "core/model/json.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/damaged.h"

namespace runnel {
namespace {

constexpr int kJsonDepthMax = 64;
constexpr int kJsonValuesMax = 1 << 17;  // a network of 8 layers has a few hundred

}  // namespace

absl::StatusOr<Json> ParseJsonObject(absl::string_view text, absl::string_view what) {
  int values = 0;
  std::string refusal;          // the first
  std::vector<size_t> members;  // read so far, of the objects that are open
  const auto keep = [&](int depth, Json::parse_event_t event, Json& value) {
    if (!refusal.empty()) return false;
    if (depth > kJsonDepthMax) {
      refusal = absl::StrCat("is nested more than ", kJsonDepthMax, " deep");
    } else if (++values > kJsonValuesMax) {
      refusal = absl::StrCat("holds more than ", kJsonValuesMax, " values");
    } else if (event == Json::parse_event_t::object_start) {
      members.push_back(0);
    } else if (event == Json::parse_event_t::key) {
      ++members.back();
    } else if (event == Json::parse_event_t::object_end) {
      if (value.size() != members.back()) refusal = "names a member twice";
      members.pop_back();
    }
    return refusal.empty();
  };
  Json json = Json::parse(text.begin(), text.end(), keep, /*allow_exceptions=*/false);
  if (!refusal.empty()) return Damaged(absl::StrCat(what, " ", refusal));
  if (!json.is_object()) return Damaged(absl::StrCat(what, " is not a JSON object"));
  return json;
}

std::string JsonText(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* Member(const Json& object, const char* name, Json::value_t type) {
  const auto found = object.find(name);
  if (found == object.end()) return nullptr;
  const bool integer = type == Json::value_t::number_integer && found->is_number_integer();
  const bool number = type == Json::value_t::number_float && found->is_number();
  return integer || number || found->type() == type ? &*found : nullptr;
}

int64_t IntegerOr(const Json& object, const char* name, int64_t otherwise) {
  const Json* member = Member(object, name, Json::value_t::number_integer);
  if (member == nullptr || (member->is_number_unsigned() && member->get<uint64_t>() > INT64_MAX)) {
    return otherwise;
  }
  return member->get<int64_t>();
}

std::string StringOr(const Json& object, const char* name, std::string otherwise) {
  const Json* member = Member(object, name, Json::value_t::string);
  return member == nullptr ? std::move(otherwise) : member->get<std::string>();
}

}  // namespace runnel
