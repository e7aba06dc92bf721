// The arguments of a program, prepared for CLI11.
#ifndef RUNNEL_CORE_BASE_COMMAND_LINE_H_
#define RUNNEL_CORE_BASE_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace runnel {

// Appends the arguments after the program's name. "--flag=" becomes "--flag" and an empty argument,
// because CLI11 takes the next argument as the value of a flag that ends in "=".
inline void AppendArguments(int argc, const char* const* argv,
                            std::vector<std::string>* arguments) {
  bool flags = true;  // until the argument "--"
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    flags = flags && argument != "--";
    if (flags && argument.substr(0, 2) == "--" && equals + 1 == argument.size()) {
      arguments->emplace_back(argument.substr(0, equals));
      arguments->emplace_back();
    } else {
      arguments->emplace_back(argument);
    }
  }
}

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_COMMAND_LINE_H_
