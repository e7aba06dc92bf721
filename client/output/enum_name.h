#ifndef RUNNEL_CLIENT_OUTPUT_ENUM_NAME_H_
#define RUNNEL_CLIENT_OUTPUT_ENUM_NAME_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Wire enums as a person types and reads them: CELL_TYPE_LSTM_PEEPHOLE is "lstm-peephole".
std::string EnumName(const google::protobuf::EnumValueDescriptor& value);

// Every name of the enum but that of 0, "unspecified".
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type);

// The value that `name` names, in full or by a beginning that no other value shares; letter case
// does not matter, nor - or _. Null if there is none.
const google::protobuf::EnumValueDescriptor* FindEnumValue(
    const google::protobuf::EnumDescriptor& type, absl::string_view name);

// EnumName of a generated enum's value; empty for "unspecified" and for numbers that this client
// does not know.
template <typename Enum>
std::string EnumName(Enum value) {
  const auto* found = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
  return found == nullptr || found->number() == 0 ? std::string() : EnumName(*found);
}

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_ENUM_NAME_H_
