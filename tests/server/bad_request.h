// Reads the details of a refused request's status.
#ifndef RUNNEL_TESTS_SERVER_BAD_REQUEST_H_
#define RUNNEL_TESTS_SERVER_BAD_REQUEST_H_

#include <grpcpp/support/status.h>

#include <string>
#include <utility>
#include <vector>

#include "private/google_rpc.pb.h"

namespace runnel::server {

// Returns the field and the description of each violation; none if the details have none.
inline std::vector<std::pair<std::string, std::string>> ViolationsOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::BadRequest bad_request;
  std::vector<std::pair<std::string, std::string>> violations;
  if (!details.ParseFromString(status.error_details()) || details.details_size() != 1 ||
      details.code() != status.error_code() || details.message() != status.error_message() ||
      details.details(0).type_url() != "type.googleapis.com/google.rpc.BadRequest" ||
      !details.details(0).UnpackTo(&bad_request)) {
    return violations;
  }
  for (const auto& violation : bad_request.field_violations()) {
    violations.emplace_back(violation.field(), violation.description());
  }
  return violations;
}

inline std::vector<std::string> FieldsOf(const grpc::Status& status) {
  std::vector<std::string> fields;
  for (const auto& [field, description] : ViolationsOf(status)) fields.push_back(field);
  return fields;
}

}  // namespace runnel::server

#endif  // RUNNEL_TESTS_SERVER_BAD_REQUEST_H_
