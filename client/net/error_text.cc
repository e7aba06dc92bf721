#include "client/net/error_text.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/net/bad_request.h"
#include "client/output/terminal_text.h"

namespace runnel::client {
namespace {

// gRPC's own words for a connection that does not come about or breaks; any other UNAVAILABLE is
// the server's answer.
constexpr absl::string_view kConnectionErrors[] = {"failed to connect", "DNS resolution failed",
                                                   "Socket closed",     "Connection reset",
                                                   "recvmsg:",          "sendmsg:",
                                                   "Broken pipe",       "GOAWAY",
                                                   "Endpoint read",     "empty address list",
                                                   "connections to",    "Connection refused",
                                                   "No route to host",  "Stream removed",
                                                   "Transport closed"};

bool IsConnectionError(absl::string_view message) {
  if (message.empty()) return true;
  for (absl::string_view error : kConnectionErrors) {
    if (absl::StrContains(message, error)) return true;
  }
  return false;
}

// gRPC nests causes as "outer: ...: cause"; the innermost is what a person can act on.
absl::string_view InnermostCause(absl::string_view message) {
  const size_t colon = message.rfind(": ");
  return colon == absl::string_view::npos ? message : message.substr(colon + 2);
}

std::string UnavailableText(absl::string_view message, absl::string_view server) {
  if (!IsConnectionError(message)) {
    return absl::StrCat("the server at ", server, " is unavailable: ", message);
  }
  const absl::string_view cause = InnermostCause(message);
  return absl::StrCat("cannot reach a server at ", server, cause.empty() ? "" : " (", cause,
                      cause.empty() ? "" : ")",
                      "; start one with runnel-server, or name it with --server");
}

// "stop.stop_sequences[2]" and "sampling.logit_bias[x]" have the flag of the field without the
// brackets.
std::string FlagOf(const std::string& field, const FlagNames& flag_names) {
  const auto found = flag_names.find(field.substr(0, field.find('[')));
  return found == flag_names.end() ? field : found->second;
}

// `message` with every field path that the command has a flag for replaced by the flag. Paths with
// a dot only: they cannot be ordinary words of the message, as "model" or "text" could.
std::string WithFlags(const std::string& message, const FlagNames& flag_names) {
  std::vector<std::pair<std::string, std::string>> replacements;
  for (const auto& [field, flag] : flag_names) {
    if (absl::StrContains(field, '.')) replacements.emplace_back(field, flag);
  }
  return absl::StrReplaceAll(message, replacements);
}

// `message` with the field that it begins with, "base: ...", replaced by the flag.
std::string WithLeadingFlag(const std::string& message, const FlagNames& flag_names) {
  const size_t colon = message.find(": ");
  if (colon == std::string::npos) return message;
  return FlagOf(message.substr(0, colon), flag_names) + message.substr(colon);
}

std::string RejectionText(const grpc::Status& status, const FlagNames& flag_names) {
  std::string message = WithFlags(status.error_message(), flag_names);
  const std::vector<FieldViolation> violations = DecodeFieldViolations(status.error_details());
  if (violations.empty()) message = WithLeadingFlag(message, flag_names);
  // A field without a dot could be a word of the message; before its own description it is none.
  for (const FieldViolation& violation : violations) {
    const auto line = [&](const std::string& name) {
      return absl::StrCat(name, ": ", violation.description);
    };
    message = absl::StrReplaceAll(
        message, {{line(violation.field), line(FlagOf(violation.field, flag_names))}});
  }
  if (message.empty()) message = "the server rejected the request";
  std::string lines = EscapeLine(message);
  for (const FieldViolation& violation : violations) {
    if (absl::StrContains(message, violation.description)) continue;
    absl::StrAppend(&lines, "\n  ", EscapeLine(FlagOf(violation.field, flag_names)), ": ",
                    EscapeLine(violation.description));
  }
  return lines;
}

}  // namespace

std::string ErrorText(const grpc::Status& status, absl::string_view server,
                      const FlagNames& flag_names) {
  const std::string& message = status.error_message();
  std::string text;
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      text = EscapeLine(UnavailableText(message, server));
      break;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      text = EscapeLine(absl::StrCat("the server at ", server, " did not finish within --timeout"));
      break;
    case grpc::StatusCode::UNIMPLEMENTED:
      text = message.empty()
                 ? EscapeLine(absl::StrCat("the server at ", server, " does not offer this"))
                 : RejectionText(status, flag_names);
      break;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::FAILED_PRECONDITION:
      text = RejectionText(status, flag_names);
      break;
    default:
      text = message.empty() ? absl::StrCat("the request failed (status ",
                                            static_cast<int>(status.error_code()), ")")
                             : EscapeLine(WithLeadingFlag(message, flag_names));
  }
  return absl::StrCat("runnel: ", text, "\n");
}

}  // namespace runnel::client
