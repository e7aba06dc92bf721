// Splits a text that arrives in pieces into its documents.
//
// Separators are found from left to right, and they do not overlap. It is enough to compare bytes,
// because no character of UTF-8 occurs inside another one. Not thread-safe.
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

  // `text` receives the text between separators, in pieces cut anywhere; `border` is called at each
  // separator. Both must outlive the splitter. An empty separator is found nowhere.
  DocumentSplitter(std::string separator, TextSink text, BorderSink border)
      : separator_(std::move(separator)), text_(text), border_(border) {}

  // Takes the next piece. Stops at a sink's first error and returns it.
  absl::Status Write(absl::string_view piece);
  // Takes note that the text is over.
  absl::Status Finish();

 private:
  const std::string separator_;
  const TextSink text_;
  const BorderSink border_;
  std::string begun_;  // the beginning of a separator, at the end of what was written
};

}  // namespace runnel

#endif  // RUNNEL_CORE_TEXT_DOCUMENT_SPLITTER_H_
