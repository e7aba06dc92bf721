#include "client/output/json.h"

#include <google/protobuf/util/json_util.h>

#include <string>

#include "client/output/terminal_text.h"

namespace runnel::client {

ExitCode WriteJson(CommandContext& context, const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) {
    context.environment.err << "runnel: the answer cannot be written as JSON: "
                            << EscapeLine(status.ToString()) << "\n";
    return ExitCode::kFailed;
  }
  context.out.Write(json);
  return ExitCode::kOk;
}

}  // namespace runnel::client
