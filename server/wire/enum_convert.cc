#include "server/wire/enum_convert.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace runnel::server {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;

// "CELL_TYPE_", with which the names of all values begin.
absl::string_view Prefix(const EnumDescriptor& wire) {
  return absl::StripSuffix(wire.FindValueByNumber(0)->name(), "UNSPECIFIED");
}

}  // namespace

int WireNumber(const EnumDescriptor& wire, absl::string_view name) {
  const EnumValueDescriptor* value =
      wire.FindValueByName(absl::StrCat(Prefix(wire), absl::AsciiStrToUpper(name)));
  return value == nullptr ? 0 : value->number();
}

std::string NameOfWireNumber(const EnumDescriptor& wire, int number) {
  const EnumValueDescriptor* value = wire.FindValueByNumber(number);
  if (value == nullptr || number == 0) return "";
  return absl::AsciiStrToLower(absl::StripPrefix(value->name(), Prefix(wire)));
}

}  // namespace runnel::server
