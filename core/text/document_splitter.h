// Splits a text that comes in pieces into its documents.
//
// Matches of the separator are the leftmost ones that do not overlap. UTF-8 is self-synchronizing,
// so bytes are compared. Not thread-safe.
#ifndef RUNNEL_CORE_TEXT_DOCUMENT_SPLITTER_H_
#define RUNNEL_CORE_TEXT_DOCUMENT_SPLITTER_H_

#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace runnel {

class DocumentSplitter {
 public:
  using TextSink = absl::FunctionRef<absl::Status(absl::string_view)>;
  using BorderSink = absl::FunctionRef<absl::Status()>;

  // `text` gets the text between separators, cut anywhere; `border` is called at each separator.
  // Both must outlive the splitter. An empty separator is nowhere.
  DocumentSplitter(std::string separator, TextSink text, BorderSink border)
      : separator_(std::move(separator)), text_(text), border_(border) {}

  // The next piece. The sinks' first error ends it and is returned.
  absl::Status Write(absl::string_view piece);
  // The text is over.
  absl::Status Finish();

 private:
  const std::string separator_;
  const TextSink text_;
  const BorderSink border_;
  std::string begun_;  // the beginning of a separator, at the end of what was written
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_DOCUMENT_SPLITTER_H_
