#include "client/output/output.h"

#include <cerrno>
#include <cstring>

#include "client/output/terminal_text.h"

namespace runnel::client {

bool Output::Write(absl::string_view text) {
  if (failed_) return false;
  if (text.empty()) return true;
  errno = 0;
  stream_.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream_.flush();
  if (!stream_) {
    failed_ = true;
    errno_ = errno;
    return false;
  }
  at_line_start_ = text.back() == '\n';
  return true;
}

bool Output::WriteText(absl::string_view text) {
  return is_terminal_ ? Write(EscapeControls(text)) : Write(text);
}

bool Output::EndLine() { return at_line_start_ ? !failed_ : Write("\n"); }

bool Output::reader_left() const { return failed_ && errno_ == EPIPE; }

std::string Output::error() const {
  return errno_ == 0 ? std::string("unknown error") : std::string(std::strerror(errno_));
}

}  // namespace runnel::client
