#include "client/net/bad_request.h"

#include <google/protobuf/unknown_field_set.h>

#include "absl/strings/match.h"

namespace runnel::client {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// google.rpc.Status
constexpr int kStatusDetails = 3;
// google.protobuf.Any
constexpr int kAnyTypeUrl = 1;
constexpr int kAnyValue = 2;
// google.rpc.BadRequest and its FieldViolation
constexpr int kBadRequestFieldViolations = 1;
constexpr int kViolationField = 1;
constexpr int kViolationDescription = 2;

// Length-delimited values of field `number`; none if `message` does not parse.
std::vector<std::string> Values(const std::string& message, int number) {
  std::vector<std::string> values;
  UnknownFieldSet fields;
  if (!fields.ParseFromString(message)) return values;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == number && field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      values.push_back(field.length_delimited());
    }
  }
  return values;
}

std::string Value(const std::string& message, int number) {
  const std::vector<std::string> values = Values(message, number);
  return values.empty() ? std::string() : values.back();
}

}  // namespace

std::vector<FieldViolation> DecodeFieldViolations(absl::string_view details) {
  std::vector<FieldViolation> violations;
  for (const std::string& any : Values(std::string(details), kStatusDetails)) {
    if (!absl::EndsWith(Value(any, kAnyTypeUrl), "/google.rpc.BadRequest")) continue;
    for (const std::string& violation : Values(Value(any, kAnyValue), kBadRequestFieldViolations)) {
      violations.push_back(
          {Value(violation, kViolationField), Value(violation, kViolationDescription)});
    }
  }
  return violations;
}

}  // namespace runnel::client
