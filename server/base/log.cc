#include "server/base/log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/base/log_limiter.h"

namespace runnel::server {
namespace {

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

std::string OneLine(absl::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return absl::ascii_iscntrl(c); }, ' ');
  return line;
}

LogLimiter& Limiter() {
  static constexpr int kLinesMax = 10;
  static auto* limiter = new LogLimiter(kLinesMax, absl::Seconds(10));  // outlives every thread
  return *limiter;
}

void WriteLine(LogLevel level, absl::Time now, absl::string_view text) {
  const std::string line =
      absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone()), " ",
                   LevelName(level), " ", OneLine(text), "\n");
  // One write(), so that lines of several threads do not mix. Where stderr is gone, there is nobody
  // to tell.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void WriteSummaries(absl::Time now) {
  for (const std::string& summary : Limiter().TakeSummaries(now)) {
    WriteLine(LogLevel::kWarning, now, summary);
  }
}

// "file.cc:12" of a path and a line.
std::string Place(absl::string_view path, int line) {
  return absl::StrCat(path.substr(path.rfind('/') + 1), ":", line);
}

void LogOfGrpc(gpr_log_func_args* args) {
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kInfo;
  LogLimited(level, absl::StrCat("grpc ", Place(args->file, args->line)),
             absl::StrCat("grpc: ", args->message));
}

void LogOfProtobuf(google::protobuf::LogLevel severity, const char* file, int line,
                   const std::string& message) {
  const LogLevel level =
      severity == google::protobuf::LOGLEVEL_INFO ? LogLevel::kInfo : LogLevel::kWarning;
  LogLimited(level, absl::StrCat("protobuf ", Place(file, line)),
             absl::StrCat("protobuf: ", message));
}

}  // namespace

void Log(LogLevel level, absl::string_view text) {
  const absl::Time now = absl::Now();
  WriteSummaries(now);
  WriteLine(level, now, text);
}

void LogLimited(LogLevel level, absl::string_view kind, absl::string_view text) {
  const absl::Time now = absl::Now();
  WriteSummaries(now);
  if (Limiter().Admit(kind, now)) WriteLine(level, now, text);
}

void RouteLibraryLogs() {
  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(LogOfProtobuf);
}

}  // namespace runnel::server
