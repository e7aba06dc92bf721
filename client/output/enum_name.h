// Enums of the wire, as people type and read them.
#ifndef RUNNEL_CLIENT_OUTPUT_ENUM_NAME_H_
#define RUNNEL_CLIENT_OUTPUT_ENUM_NAME_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Returns the name that people use for a value: "lstm-peephole" for CELL_TYPE_LSTM_PEEPHOLE.
std::string EnumName(const google::protobuf::EnumValueDescriptor& value);

// Returns the names of all values except 0, "unspecified".
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type);

// Returns the value with this name, or with a name that starts with `name` if that is only one.
// Upper and lower case are the same, and so are - and _. Returns null if there is no such value.
const google::protobuf::EnumValueDescriptor* FindEnumValue(
    const google::protobuf::EnumDescriptor& type, absl::string_view name);

// Returns the name of a generated enum's value, or "" for "unspecified" and for numbers that this
// client does not know.
template <typename Enum>
std::string EnumName(Enum value) {
  const auto* found = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
  return found == nullptr || found->number() == 0 ? std::string() : EnumName(*found);
}

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_ENUM_NAME_H_
