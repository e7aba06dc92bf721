#ifndef RUNNEL_CLIENT_COMMANDS_FIELD_FLAGS_H_
#define RUNNEL_CLIENT_COMMANDS_FIELD_FLAGS_H_

#include <google/protobuf/message.h>

#include <CLI/App.hpp>
#include <initializer_list>
#include <string>

#include "client/net/error_text.h"

namespace runnel::client {

// A flag that sets one field of a request. Commands are tables of these: a new field on the wire is
// one more line.
struct FieldFlag {
  const char* flag;   // "--temperature"; without dashes: a positional, "MODEL"
  const char* field;  // "sampling.temperature"
  const char* help;
};

// Adds the flags to `app`; when parsed they set fields of `request`, which must outlive the
// parsing. What a flag takes follows from the field's type: a number, text (valid UTF-8), one of an
// enum's names, nothing for a bool; a repeated field's flag can be given several times. Fields
// whose flag is absent stay unset, so that the server's defaults hold. Every flag is entered into
// `names`.
void AddFieldFlags(CLI::App& app, std::initializer_list<FieldFlag> flags,
                   google::protobuf::Message* request, FlagNames* names);

// Throws CLI::ValidationError if `text`, given with `flag`, is not UTF-8.
void RequireUtf8(const std::string& flag, const std::string& text);

// The number in `text`; throws CLI::ValidationError that names `flag` otherwise. T: float, double,
// or an integer.
template <typename T>
T ParseNumber(const std::string& flag, const std::string& text);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_FIELD_FLAGS_H_
