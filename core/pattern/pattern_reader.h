// Reads the parts of a pattern (pattern_syntax.h) that match one character: characters, escapes and
// classes, from left to right. The parser puts them together.
//
// Only the first error is kept. After it, the values that are returned mean nothing.
#ifndef RUNNEL_CORE_PATTERN_PATTERN_READER_H_
#define RUNNEL_CORE_PATTERN_PATTERN_READER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/pattern/code_point_set.h"

namespace runnel {

class PatternReader {
 public:
  explicit PatternReader(std::vector<char32_t> text) : text_(std::move(text)) {}

  static bool IsDigit(char32_t c) { return c >= U'0' && c <= U'9'; }
  static bool IsWord(char32_t c);  // whether \w matches it

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  // Records an INVALID_ARGUMENT that says `what`, and where.
  void Fail(absl::string_view what);

  size_t position() const { return next_; }
  void Rewind(size_t position) { next_ = position; }
  bool AtEnd(size_t ahead = 0) const { return next_ + ahead >= text_.size(); }
  // The next character, or one after it; 0 at the end.
  char32_t Peek(size_t ahead = 0) const { return AtEnd(ahead) ? U'\0' : text_[next_ + ahead]; }
  bool LooksAt(char32_t c, size_t ahead = 0) const { return !AtEnd(ahead) && Peek(ahead) == c; }
  char32_t Next() { return text_[next_++]; }  // not at the end
  void Skip(size_t count) { next_ += count; }
  bool Take(char32_t c);  // if it is the next

  // Called at a backslash or an opening bracket. ReadEscape only reads escapes that are one
  // character.
  std::optional<char32_t> ReadEscape();
  CodePointSet ReadClass();

 private:
  std::optional<char32_t> ReadHex();
  void ReadClassItem(std::vector<CodePointRange>* ranges);
  std::optional<char32_t> ReadClassChar();
  // Reads "[:name:]" and returns the name; none, and nothing is read, if there is no ":]".
  std::optional<std::string> ReadPosixName();

  const std::vector<char32_t> text_;
  size_t next_ = 0;
  absl::Status status_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_PATTERN_PATTERN_READER_H_
