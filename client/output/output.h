// Standard output.
#ifndef RUNNEL_CLIENT_OUTPUT_OUTPUT_H_
#define RUNNEL_CLIENT_OUTPUT_OUTPUT_H_

#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Writes to standard output and flushes after every write, so that a reader sees characters as they
// arrive. Remembers a failed write and its reason. Not thread-safe.
class Output {
 public:
  Output(std::ostream& stream, bool is_terminal) : stream_(stream), is_terminal_(is_terminal) {}

  // Returns false after a write has failed. The caller should then stop producing output.
  bool Write(absl::string_view text);

  // Writes text by a model or a user. On a terminal, control characters are escaped; elsewhere the
  // text is written unchanged.
  bool WriteText(absl::string_view text);

  // Writes a line break unless the last write ended with one.
  bool EndLine();

  bool is_terminal() const { return is_terminal_; }
  bool failed() const { return failed_; }
  // Whether writing failed because the reader is gone, as `head` is once it has enough. That is not
  // an error.
  bool reader_left() const;
  // The reason why writing failed, for people.
  std::string error() const;

 private:
  std::ostream& stream_;
  const bool is_terminal_;
  bool at_line_start_ = true;
  bool failed_ = false;
  int errno_ = 0;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_OUTPUT_H_
