#ifndef RUNNEL_CLIENT_OUTPUT_OUTPUT_H_
#define RUNNEL_CLIENT_OUTPUT_OUTPUT_H_

#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Standard output: every write is flushed, so that a reader sees characters as they arrive, and a
// write that fails is remembered with its reason. Not for several threads.
class Output {
 public:
  Output(std::ostream& stream, bool is_terminal) : stream_(stream), is_terminal_(is_terminal) {}

  // False once nothing can be written any more: then stop producing.
  bool Write(absl::string_view text);

  // Writes text that a model or a user made: on a terminal its control characters are shown
  // escaped, elsewhere the text goes through as it is.
  bool WriteText(absl::string_view text);

  // Ends the line if the last write did not.
  bool EndLine();

  bool is_terminal() const { return is_terminal_; }
  bool failed() const { return failed_; }
  // The reader went away, as `head` does when it has enough: no error.
  bool reader_left() const;
  // Why writing failed, in words.
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
