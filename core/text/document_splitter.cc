#include "core/text/document_splitter.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace runnel {

absl::Status DocumentSplitter::Write(absl::string_view piece) {
  if (separator_.empty()) return text_(piece);
  std::string joined;
  if (!begun_.empty()) {
    joined = absl::StrCat(begun_, piece);
    piece = joined;
    begun_.clear();
  }
  for (size_t at = piece.find(separator_); at != absl::string_view::npos;
       at = piece.find(separator_)) {
    if (at > 0) {
      if (absl::Status status = text_(piece.substr(0, at)); !status.ok()) return status;
    }
    if (absl::Status status = border_(); !status.ok()) return status;
    piece.remove_prefix(at + separator_.size());
  }
  size_t begun = std::min(piece.size(), separator_.size() - 1);
  while (!absl::EndsWith(piece, absl::string_view(separator_).substr(0, begun))) --begun;
  begun_ = std::string(piece.substr(piece.size() - begun));
  piece.remove_suffix(begun);
  return piece.empty() ? absl::OkStatus() : text_(piece);
}

absl::Status DocumentSplitter::Finish() {
  return begun_.empty() ? absl::OkStatus() : text_(begun_);
}

}  // namespace runnel
