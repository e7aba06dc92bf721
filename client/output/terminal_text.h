// Makes text safe for terminals.
#ifndef RUNNEL_CLIENT_OUTPUT_TERMINAL_TEXT_H_
#define RUNNEL_CLIENT_OUTPUT_TERMINAL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace runnel::client {

// Replaces control characters (C0 except \n and \t, DEL, C1) and bytes that are not UTF-8 by
// visible escapes, \x1b or \u009b, so that no text can move the cursor, set a title or type for the
// user.
std::string EscapeControls(absl::string_view text);

// Also replaces \n and \t, so that the result is on one line. For table cells and error messages.
std::string EscapeLine(absl::string_view text);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TERMINAL_TEXT_H_
