#include "client/net/server_status.h"

#include <google/protobuf/stubs/logging.h>

#include <string>

#include "absl/strings/cord.h"
#include "absl/types/optional.h"

namespace runnel::client {
namespace {

// The payload holds the serialized google.rpc.Status; it may be empty.
constexpr char kDetailsUrl[] = "type.googleapis.com/google.rpc.Status";

}  // namespace

absl::Status FromServer(const grpc::Status& status) {
  absl::Status converted(static_cast<absl::StatusCode>(status.error_code()),
                         status.error_message());
  converted.SetPayload(kDetailsUrl, absl::Cord(status.error_details()));  // no-op on OK
  return converted;
}

bool IsFromServer(const absl::Status& status) { return status.GetPayload(kDetailsUrl).has_value(); }

google::rpc::BadRequest FieldViolations(const absl::Status& status) {
  // Protobuf would report damaged details on stderr.
  const google::protobuf::LogSilencer silencer;
  google::rpc::BadRequest violations;
  const absl::optional<absl::Cord> payload = status.GetPayload(kDetailsUrl);
  google::rpc::Status details;
  if (!payload || !details.ParseFromString(std::string(*payload))) return violations;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::BadRequest bad_request;
    if (detail.UnpackTo(&bad_request)) violations.MergeFrom(bad_request);
  }
  return violations;
}

}  // namespace runnel::client
