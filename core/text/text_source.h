// The source of a corpus: a text that can be read more than once, in pieces, without holding all of
// it in memory.
//
// Loading reads it twice, first to find the distinct characters and then to write ids, so a source
// must give the same text each time.
#ifndef RUNNEL_CORE_TEXT_TEXT_SOURCE_H_
#define RUNNEL_CORE_TEXT_TEXT_SOURCE_H_

#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace runnel {

class TextSource {
 public:
  virtual ~TextSource() = default;
  // Passes the whole text to `sink` in pieces cut anywhere, from the beginning. Stops at the sink's
  // first error and returns it. Errors of the source itself: NOT_FOUND, PERMISSION_DENIED,
  // FAILED_PRECONDITION (a folder), DATA_LOSS (read error).
  virtual absl::Status Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const = 0;
};

// A text in memory, which must outlive the source.
class StringSource : public TextSource {
 public:
  explicit StringSource(absl::string_view text) : text_(text) {}
  absl::Status Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const override;

 private:
  absl::string_view text_;
};

// A regular file, read in pieces of 1 MiB.
class FileSource : public TextSource {
 public:
  explicit FileSource(std::string path) : path_(std::move(path)) {}
  absl::Status Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const override;

 private:
  std::string path_;
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_TEXT_SOURCE_H_
