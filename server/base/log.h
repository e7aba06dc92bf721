// The server's log: one plain line an event on stderr, "2024-05-01T12:00:00.123Z
// info text". Thread-safe.
#ifndef RUNNEL_SERVER_BASE_LOG_H_
#define RUNNEL_SERVER_BASE_LOG_H_

#include "absl/strings/string_view.h"

namespace runnel::server {

enum class LogLevel { kInfo, kWarning, kError };

// Control characters in `text` become spaces, so that an event stays one line.
void Log(LogLevel level, absl::string_view text);

// Sends gRPC's and protobuf's own logs the same way.
void RouteLibraryLogs();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_LOG_H_
