// Flags that set fields of requests.
#ifndef RUNNEL_CLIENT_COMMANDS_FIELD_FLAGS_H_
#define RUNNEL_CLIENT_COMMANDS_FIELD_FLAGS_H_

#include <google/protobuf/message.h>

#include <CLI/App.hpp>
#include <initializer_list>
#include <string>

#include "client/net/error_text.h"

namespace runnel::client {

// Whether a text may be empty. Where an empty field means that the flag is absent, an empty value
// is almost always a shell variable that was never set.
enum class FieldText { kAny, kNotEmpty };

// A flag that sets one field of a request. Commands have tables of these, so that a new field on
// the wire needs one more line.
struct FieldFlag {
  const char* flag;   // "--temperature", or "MODEL" for a positional
  const char* field;  // "sampling.temperature"
  const char* help;
  FieldText text = FieldText::kAny;
};

// Adds the flags to `app`. When they are parsed, they set fields of `request`, which must outlive
// the parsing. The type of a field decides which values its flag takes: a number, text (valid
// UTF-8), one of an enum's names, or no value for a bool. The flag of a repeated field can be given
// several times. Fields whose flag is absent stay unset, so that the server's defaults apply. Also
// enters every flag into `names`.
void AddFieldFlags(CLI::App& app, std::initializer_list<FieldFlag> flags,
                   google::protobuf::Message* request, FlagNames* names);

// Throws CLI::ValidationError if `text`, given with `flag`, is not UTF-8.
void RequireUtf8(const std::string& flag, const std::string& text);

// Returns the number in `text`. Throws CLI::ValidationError, which names `flag` and the numbers
// that T holds, if there is none or if it is not finite. T is float, double or an integer type.
template <typename T>
T ParseNumber(const std::string& flag, const std::string& text);

// The smallest and the largest number that a flag takes.
template <typename T>
struct NumberRange {
  T min;
  T max;
};

// Adds a flag that sets `value`, whose initial number is the default that --help shows, to a number
// in `range`. `value` must outlive the parsing. T is int or double.
template <typename T>
void AddNumberFlag(CLI::App& app, const std::string& flag, const std::string& help,
                   NumberRange<T> range, T& value);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_COMMANDS_FIELD_FLAGS_H_
