// The server's log on stderr: each event is one plain line, "2024-05-01T12:00:00.123Z info text".
// Thread-safe.
#ifndef RUNNEL_SERVER_BASE_LOG_H_
#define RUNNEL_SERVER_BASE_LOG_H_

#include "absl/strings/string_view.h"

namespace runnel::server {

enum class LogLevel { kInfo, kWarning, kError };

// Control characters in `text` become spaces, so that an event stays one line.
void Log(LogLevel level, absl::string_view text);

// Like Log, for events that a peer can cause at will. At most ten lines of each kind are written in
// ten seconds; a later line gives the kind's name, `kind`, and the number of lines left out.
void LogLimited(LogLevel level, absl::string_view kind, absl::string_view text);

// Sends the logs of gRPC and protobuf the same way, each place in their source being a kind.
void RouteLibraryLogs();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_LOG_H_
