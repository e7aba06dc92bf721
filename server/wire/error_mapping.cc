#include "server/wire/error_mapping.h"

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "core/text/utf8.h"
#include "private/google_rpc.pb.h"

namespace runnel::server {
namespace {

// Even in the worst case, these together take less than 8 KB after percent and base64 encoding.
constexpr size_t kMessageBytesMax = 1000;
constexpr size_t kFieldBytesMax = 100;
constexpr size_t kDescriptionBytesMax = 400;
constexpr size_t kViolationsBytesMax = 2000;
constexpr size_t kViolationsMax = 10;
constexpr size_t kQuotedBytesMax = 200;
constexpr absl::string_view kEllipsis = "...";

constexpr absl::string_view kBadRequestType = "type.googleapis.com/google.rpc.BadRequest";

absl::Status BadRequest(const std::vector<FieldViolation>& violations) {
  std::vector<std::string> lines;
  google::rpc::BadRequest bad_request;
  size_t bytes = 0;
  for (const FieldViolation& violation : violations) {
    const std::string field = SafeText(violation.field, kFieldBytesMax);
    const std::string description = SafeText(violation.description, kDescriptionBytesMax);
    bytes += field.size() + description.size();
    if (lines.size() == kViolationsMax || bytes > kViolationsBytesMax) break;
    lines.push_back(field.empty() ? description : absl::StrCat(field, ": ", description));
    auto* entry = bad_request.add_field_violations();
    entry->set_field(field);
    entry->set_description(description);
  }
  if (lines.size() < violations.size()) {
    lines.push_back(absl::StrCat("and ", violations.size() - lines.size(), " more"));
  }
  absl::Status status =
      absl::InvalidArgumentError(SafeText(absl::StrJoin(lines, "; "), kMessageBytesMax));
  status.SetPayload(kBadRequestType, absl::Cord(bad_request.SerializeAsString()));
  return status;
}

}  // namespace

absl::Status ToStatus(const Violations& violations) {
  if (violations.empty()) return absl::OkStatus();
  return BadRequest(violations.list());
}

absl::Status InvalidField(absl::string_view field, absl::string_view description) {
  return BadRequest({{std::string(field), std::string(description)}});
}

absl::Status AtField(absl::string_view field, const absl::Status& status) {
  if (!absl::IsInvalidArgument(status) || status.GetPayload(kBadRequestType)) return status;
  return InvalidField(field, status.message());
}

absl::Status WithField(absl::string_view field, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(field, ": ", status.message()));
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // The canonical codes of absl have the same numbers as those of gRPC.
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message = SafeText(status.message(), kMessageBytesMax);
  const absl::optional<absl::Cord> bad_request = status.GetPayload(kBadRequestType);
  if (!bad_request) return {code, message};
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  google::protobuf::Any* detail = details.add_details();
  detail->set_type_url(std::string(kBadRequestType));
  detail->set_value(std::string(*bad_request));
  return {code, message, details.SerializeAsString()};
}

void AddUnknownEnum(absl::string_view field, int value, Violations* violations) {
  violations->Add(field, absl::StrCat("is ", value, "; there is no such value"));
}

std::string Quoted(absl::string_view text) {
  // Escaping never makes a text shorter, so the bytes cut off here would also be cut off below.
  const std::string escaped = absl::Utf8SafeCEscape(text.substr(0, kQuotedBytesMax + 1));
  return absl::StrCat("\"", SafeText(escaped, kQuotedBytesMax), "\"");
}

std::string SafeText(absl::string_view text, size_t bytes_max) {
  std::string safe;
  Utf8Machine machine;
  size_t boundary = 0;  // bytes of whole characters in `safe`
  for (size_t i = 0; i < text.size() && safe.size() <= bytes_max; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (!machine.Accepts(byte)) {
      safe.resize(boundary);
      safe.push_back('?');
      boundary = safe.size();
      const bool was_inside = !machine.AtBoundary();
      machine = Utf8Machine();
      if (was_inside) --i;  // the byte that broke off one character may begin the next one
      continue;
    }
    safe.push_back(text[i]);
    if (machine.Advance(byte)) boundary = safe.size();
  }
  const bool too_long = safe.size() > bytes_max;
  safe.resize(boundary);
  if (!too_long) return safe;
  return absl::StrCat(Utf8Prefix(safe, bytes_max - kEllipsis.size()), kEllipsis);
}

}  // namespace runnel::server
