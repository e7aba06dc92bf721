#include "client/output/enum_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace runnel::client {
namespace {

// By buf's STANDARD rules, the name of every value starts with the name of the enum in capitals,
// and the name of value 0 is that prefix followed by UNSPECIFIED.
size_t PrefixLength(const google::protobuf::EnumDescriptor& type) {
  constexpr absl::string_view kUnspecified = "UNSPECIFIED";
  return type.FindValueByNumber(0)->name().size() - kUnspecified.size();
}

std::string Canonical(absl::string_view name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", "-"}});
}

}  // namespace

std::string EnumName(const google::protobuf::EnumValueDescriptor& value) {
  return Canonical(value.name().substr(PrefixLength(*value.type())));
}

std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(EnumName(*type.value(i)));
  }
  return names;
}

const google::protobuf::EnumValueDescriptor* FindEnumValue(
    const google::protobuf::EnumDescriptor& type, absl::string_view name) {
  const std::string wanted = Canonical(name);
  if (wanted.empty()) return nullptr;
  const google::protobuf::EnumValueDescriptor* match = nullptr;
  int matches = 0;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    const std::string known = EnumName(*type.value(i));
    if (known == wanted) return type.value(i);
    if (absl::StartsWith(known, wanted)) {
      match = type.value(i);
      ++matches;
    }
  }
  return matches == 1 ? match : nullptr;
}

}  // namespace runnel::client
