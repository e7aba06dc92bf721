#include "client/json.h"

#include <google/protobuf/util/json_util.h>

namespace runnel::client {

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails only on google.protobuf.Any of unknown type, which no message here holds.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

}  // namespace runnel::client
