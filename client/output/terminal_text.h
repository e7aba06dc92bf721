#ifndef RUNNEL_CLIENT_OUTPUT_TERMINAL_TEXT_H_
#define RUNNEL_CLIENT_OUTPUT_TERMINAL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace runnel::client {

// `text` as it may be shown on a terminal: control characters (C0 other than \n and \t, DEL, C1)
// and bytes that are not UTF-8 become visible escapes, \x1b or \u009b, so that no text can move the
// cursor, set a title or answer for the user.
std::string EscapeControls(absl::string_view text);

// The same on one line: \n and \t are escaped as well. For table cells and error messages.
std::string EscapeLine(absl::string_view text);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TERMINAL_TEXT_H_
