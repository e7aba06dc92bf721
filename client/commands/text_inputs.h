// The texts of a command: each comes from the command line, from a file, or from standard input.
#ifndef RUNNEL_CLIENT_COMMANDS_TEXT_INPUTS_H_
#define RUNNEL_CLIENT_COMMANDS_TEXT_INPUTS_H_

#include <google/protobuf/message.h>

#include <CLI/App.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/net/environment.h"

namespace runnel::client {

// A text field at the top level of a request, and the two flags that set it.
struct TextFlag {
  const char* flag;       // "--prompt", or "TEXT" for a positional, which is then required
  const char* file_flag;  // "--prompt-file"
  const char* field;      // "prompt"
  const char* help;
};

// The order of calls: Add while the parser is built, Check after parsing, Read when the command
// runs.
class TextInputs {
 public:
  // Adds both flags of `spec` to `app`. `request` must outlive this object's use.
  void Add(CLI::App& app, const TextFlag& spec, google::protobuf::Message* request,
           FlagNames& names);

  // Throws CLI::ParseError if a required text is missing, or if more than one is to come from
  // standard input. Names a field by its file flag if that was used.
  void Check(FlagNames& names) const;

  // Reads the files into their fields, byte for byte (a final line break belongs to the text)
  // except for a byte order mark, which is left out with a note on stderr. INVALID_ARGUMENT, naming
  // the file, if it cannot be read, is too large or is not UTF-8.
  absl::Status Read(Environment& environment) const;

 private:
  struct Input {
    TextFlag spec;
    google::protobuf::Message* request;
    bool given = false;               // by spec.flag
    std::optional<std::string> path;  // by spec.file_flag
  };

  // The path to read from, if any; "-" is standard input.
  static std::optional<std::string> Path(const Input& input);

  std::vector<std::shared_ptr<Input>> inputs_;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_TEXT_INPUTS_H_
