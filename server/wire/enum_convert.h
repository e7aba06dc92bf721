// Converts the engine's enums to the wire's and back, by their names: "lstm" in an EnumTable is
// CELL_TYPE_LSTM on the wire, and CELL_TYPE_UNSPECIFIED is no value. So a value that is added to
// both needs no line here.
#ifndef RUNNEL_SERVER_WIRE_ENUM_CONVERT_H_
#define RUNNEL_SERVER_WIRE_ENUM_CONVERT_H_

#include <google/protobuf/generated_enum_reflection.h>

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "core/base/enum_table.h"
#include "core/base/violations.h"
#include "server/wire/error_mapping.h"

namespace runnel::server {

// The number of the wire's value that is called `name` in a table; 0, "unspecified", if none is.
int WireNumber(const google::protobuf::EnumDescriptor& wire, absl::string_view name);
// The name in a table of the wire's value `number`; empty if it has no name or is 0.
std::string NameOfWireNumber(const google::protobuf::EnumDescriptor& wire, int number);

template <typename WireEnum, typename Enum, size_t kCount>
WireEnum ToWire(const EnumTable<Enum, kCount>& table, Enum value) {
  return static_cast<WireEnum>(
      WireNumber(*google::protobuf::GetEnumDescriptor<WireEnum>(), table.NameOf(value)));
}

// Returns nothing for an unspecified or unknown value.
template <typename WireEnum, typename Enum, size_t kCount>
std::optional<Enum> FromWire(const EnumTable<Enum, kCount>& table, WireEnum wire) {
  return table.Find(NameOfWireNumber(*google::protobuf::GetEnumDescriptor<WireEnum>(), wire));
}

// Sets `value` to the wire's, or leaves it as it is if that is unspecified. Adds a violation of
// `field` if it is unknown.
template <typename WireEnum, typename Enum, size_t kCount>
void ReadEnum(absl::string_view field, WireEnum wire, const EnumTable<Enum, kCount>& table,
              Enum* value, Violations* violations) {
  if (const std::optional<Enum> known = FromWire(table, wire)) {
    *value = *known;
  } else if (wire != 0) {
    AddUnknownEnum(field, wire, violations);
  }
}

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_WIRE_ENUM_CONVERT_H_
