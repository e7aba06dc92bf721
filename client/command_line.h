// The parser of the whole command line.
#ifndef RUNNEL_CLIENT_COMMAND_LINE_H_
#define RUNNEL_CLIENT_COMMAND_LINE_H_

#include <CLI/App.hpp>
#include <memory>
#include <string>
#include <vector>

#include "client/commands/command.h"

namespace runnel::client {

// Builds the parser with every command and flag. Parsing fills in `line`, which must outlive the
// parser.
std::unique_ptr<CLI::App> MakeApp(CommandLine& line);

// Parses `args`, which do not contain the program's name. "--flag=" gives the flag the empty value,
// as "--flag ''" does. Throws CLI::ParseError.
void ParseArguments(CLI::App& app, const std::vector<std::string>& args);

// Explains a parse error on one line, without a line break. `app` must have thrown it.
std::string ParseErrorText(const CLI::App& app, const CLI::ParseError& error);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMAND_LINE_H_
