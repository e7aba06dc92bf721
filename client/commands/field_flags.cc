#include "client/commands/field_flags.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/output/enum_name.h"
#include "client/output/utf8.h"

namespace runnel::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A field of a message or of the messages inside it.
struct FieldPath {
  std::vector<const FieldDescriptor*> parents;
  const FieldDescriptor* leaf;
};

FieldPath Resolve(const Message& root, const std::string& path) {
  FieldPath resolved{};
  const google::protobuf::Descriptor* type = root.GetDescriptor();
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    if (resolved.leaf != nullptr) {
      resolved.parents.push_back(resolved.leaf);
      type = resolved.leaf->message_type();
    }
    resolved.leaf = type->FindFieldByName(std::string(name));
    GOOGLE_CHECK(resolved.leaf != nullptr) << "no field " << path;  // a mistake in a table of flags
  }
  return resolved;
}

Message* MutableParent(Message* root, const FieldPath& path) {
  for (const FieldDescriptor* parent : path.parents) {
    root = root->GetReflection()->MutableMessage(root, parent);
  }
  return root;
}

void SetText(Message* message, const FieldDescriptor* field, const std::string& text) {
  if (field->is_repeated()) {
    message->GetReflection()->AddString(message, field, text);
  } else {
    message->GetReflection()->SetString(message, field, text);
  }
}

void SetEnum(Message* message, const FieldDescriptor* field, const std::string& flag,
             const std::string& text) {
  const auto* value = FindEnumValue(*field->enum_type(), text);
  if (value == nullptr) {
    throw CLI::ValidationError(flag,
                               absl::StrCat("\"", text, "\" is none of ",
                                            absl::StrJoin(EnumNames(*field->enum_type()), ", ")));
  }
  message->GetReflection()->SetEnum(message, field, value);
}

void SetField(Message* message, const FieldDescriptor* field, const std::string& flag,
              const std::string& text) {
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.SetFloat(message, field, ParseNumber<float>(flag, text));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(message, field, ParseNumber<int32_t>(flag, text));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(message, field, ParseNumber<int64_t>(flag, text));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(message, field, ParseNumber<uint64_t>(flag, text));
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(message, field, flag, text);
    case FieldDescriptor::CPPTYPE_STRING:
      RequireUtf8(flag, text);
      return SetText(message, field, text);
    default:
      GOOGLE_LOG(FATAL) << "no flag can set " << field->full_name();
  }
}

// The kind of value that `--help` shows after the flag.
std::string TypeName(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrJoin(EnumNames(*field.enum_type()), "|");
    case FieldDescriptor::CPPTYPE_STRING:
      return "TEXT";
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "X";
    default:
      return "N";
  }
}

void AddFieldFlag(CLI::App& app, const FieldFlag& spec, Message* request) {
  const FieldPath path = Resolve(*request, spec.field);
  if (path.leaf->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    app.add_flag_callback(
        spec.flag,
        [=] {
          Message* parent = MutableParent(request, path);
          parent->GetReflection()->SetBool(parent, path.leaf, true);
        },
        spec.help);
    return;
  }
  const std::string flag = spec.flag;
  const FieldText text = spec.text;
  CLI::Option* option = app.add_option_function<std::vector<std::string>>(
      flag,
      [=](const std::vector<std::string>& values) {
        for (const std::string& value : values) {
          if (text == FieldText::kNotEmpty && value.empty()) {
            throw CLI::ValidationError(flag, "must not be empty");
          }
          SetField(MutableParent(request, path), path.leaf, flag, value);
        }
      },
      spec.help);
  // Otherwise CLI11 would take the arguments that follow for a list, and split "[a,b]" into one.
  option->allow_extra_args(false);
  if (!path.leaf->is_repeated()) option->expected(1);
  option->type_name(TypeName(*path.leaf));
  if (!absl::StartsWith(flag, "--")) option->required();
}

template <typename T>
bool Parse(const std::string& text, T* number) {
  return absl::SimpleAtoi(text, number);
}
// Absl parses numbers that are too large as infinity. No flag takes infinity or NaN.
bool Parse(const std::string& text, float* number) {
  return absl::SimpleAtof(text, number) && std::isfinite(*number);
}
bool Parse(const std::string& text, double* number) {
  return absl::SimpleAtod(text, number) && std::isfinite(*number);
}

}  // namespace

void AddFieldFlags(CLI::App& app, std::initializer_list<FieldFlag> flags, Message* request,
                   FlagNames* names) {
  for (const FieldFlag& spec : flags) {
    AddFieldFlag(app, spec, request);
    names->emplace(spec.field, spec.flag);
  }
}

void RequireUtf8(const std::string& flag, const std::string& text) {
  if (ValidUtf8Prefix(text) != text.size()) {
    throw CLI::ValidationError(flag, "is not valid UTF-8");
  }
}

template <typename T>
T ParseNumber(const std::string& flag, const std::string& text) {
  T number{};
  if (!Parse(text, &number)) {
    throw CLI::ValidationError(
        flag,
        absl::StrCat("\"", text, "\" is not a ",
                     std::is_integral_v<T> ? "whole number from " : "number from ",
                     std::numeric_limits<T>::lowest(), " to ", std::numeric_limits<T>::max()));
  }
  return number;
}

template <typename T>
void AddNumberFlag(CLI::App& app, const std::string& flag, const std::string& help,
                   NumberRange<T> range, T& value) {
  app.add_option_function<std::string>(
         flag,
         [flag, range, &value](const std::string& text) {
           const T number = ParseNumber<T>(flag, text);
           if (number < range.min || number > range.max) {
             // Show the text as typed: a rounded number could look like the bound that it exceeds.
             throw CLI::ValidationError(
                 flag, absl::StrCat("is ", text, "; must be from ", range.min, " to ", range.max));
           }
           value = number;
         },
         help)
      ->default_str(absl::StrCat(value))
      ->type_name(std::is_integral_v<T> ? "N" : "X");
}

template void AddNumberFlag(CLI::App&, const std::string&, const std::string&, NumberRange<int>,
                            int&);
template void AddNumberFlag(CLI::App&, const std::string&, const std::string&, NumberRange<double>,
                            double&);

template float ParseNumber(const std::string&, const std::string&);
template double ParseNumber(const std::string&, const std::string&);
template int32_t ParseNumber(const std::string&, const std::string&);
template int64_t ParseNumber(const std::string&, const std::string&);
template uint64_t ParseNumber(const std::string&, const std::string&);

}  // namespace runnel::client
