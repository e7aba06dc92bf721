#include "client/net/error_text.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/net/server_status.h"
#include "client/output/terminal_text.h"

namespace runnel::client {
namespace {

// Parts of the messages with which gRPC reports that a connection cannot be made or has broken. Any
// other UNAVAILABLE is the server's answer.
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

// gRPC nests causes as "outer: ...: cause". A person can act on the innermost one.
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

// Returns the flag of `field`, or `field` itself if the command has no flag for it. An index or key
// in brackets, as in "stop.stop_sequences[2]", is ignored.
std::string FlagOf(const std::string& field, const FlagNames& flag_names) {
  const auto found = flag_names.find(field.substr(0, field.find('[')));
  return found == flag_names.end() ? field : found->second;
}

// Replaces field paths in `message` by their flags. Only paths with a dot are replaced, because
// others, such as "model" or "text", could be ordinary words of the message.
std::string WithFlags(const std::string& message, const FlagNames& flag_names) {
  std::vector<std::pair<std::string, std::string>> replacements;
  for (const auto& [field, flag] : flag_names) {
    if (absl::StrContains(field, '.')) replacements.emplace_back(field, flag);
  }
  return absl::StrReplaceAll(message, replacements);
}

// Replaces the field at the beginning of `message`, as in "base: ...", by its flag.
std::string WithLeadingFlag(const std::string& message, const FlagNames& flag_names) {
  const size_t colon = message.find(": ");
  if (colon == std::string::npos) return message;
  return FlagOf(message.substr(0, colon), flag_names) + message.substr(colon);
}

std::string RejectionText(const absl::Status& status, const FlagNames& flag_names) {
  std::string message = WithFlags(std::string(status.message()), flag_names);
  const google::rpc::BadRequest bad_request = FieldViolations(status);
  const auto& violations = bad_request.field_violations();
  if (violations.empty()) message = WithLeadingFlag(message, flag_names);
  // Before its own description, a field without a dot cannot be an ordinary word of the message.
  for (const google::rpc::BadRequest::FieldViolation& violation : violations) {
    const auto line = [&](const std::string& name) {
      return absl::StrCat(name, ": ", violation.description());
    };
    message = absl::StrReplaceAll(
        message, {{line(violation.field()), line(FlagOf(violation.field(), flag_names))}});
  }
  if (message.empty()) message = "the server rejected the request";
  std::string lines = EscapeLine(message);
  for (const google::rpc::BadRequest::FieldViolation& violation : violations) {
    if (absl::StrContains(message, violation.description())) continue;
    absl::StrAppend(&lines, "\n  ", EscapeLine(FlagOf(violation.field(), flag_names)), ": ",
                    EscapeLine(violation.description()));
  }
  return lines;
}

}  // namespace

std::string ErrorText(const absl::Status& status, absl::string_view server,
                      const FlagNames& flag_names) {
  const std::string message(status.message());
  if (!IsFromServer(status)) return absl::StrCat("runnel: ", EscapeLine(message), "\n");
  std::string text;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      text = EscapeLine(UnavailableText(message, server));
      break;
    case absl::StatusCode::kDeadlineExceeded:
      text = EscapeLine(absl::StrCat("the server at ", server, " did not finish within --timeout"));
      break;
    case absl::StatusCode::kUnimplemented:
      text = message.empty()
                 ? EscapeLine(absl::StrCat("the server at ", server, " does not offer this"))
                 : RejectionText(status, flag_names);
      break;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      text = RejectionText(status, flag_names);
      break;
    default:
      text = message.empty()
                 ? absl::StrCat("the request failed (status ", static_cast<int>(status.code()), ")")
                 : EscapeLine(WithLeadingFlag(message, flag_names));
  }
  return absl::StrCat("runnel: ", text, "\n");
}

}  // namespace runnel::client
