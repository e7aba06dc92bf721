#include "client/output/text_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/output/encoding.h"

namespace runnel::client {

absl::StatusOr<TextFile> TextFile::Open(const std::string& path, std::istream& standard_input) {
  if (path == kStandardInputPath) return TextFile(standard_input);
  if (path.empty()) return absl::InvalidArgumentError("the name of a file must not be empty");
  std::error_code ignored;
  // A directory can be opened; only reading it fails, with a message that helps nobody.
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a directory, not a file"));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  return TextFile(path, std::move(file));
}

absl::StatusOr<std::string> TextFile::Read(size_t size_max) {
  // Grow the buffer with the file, so that a small file does not take the memory of the largest
  // one.
  constexpr size_t kPieceBytes = 1 << 20;
  std::istream& stream = standard_input_ != nullptr ? *standard_input_ : file_;
  std::string bytes;
  errno = 0;
  while (bytes.size() < size_max && stream) {
    const size_t before = bytes.size();
    bytes.resize(before + std::min(kPieceBytes, size_max - before));
    stream.read(bytes.data() + before, static_cast<std::streamsize>(bytes.size() - before));
    bytes.resize(before + static_cast<size_t>(stream.gcount()));
  }
  if (stream.bad()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", name_, ": ", std::strerror(errno)));
  }
  return bytes;
}

absl::StatusOr<NamedText> ReadText(const std::string& path, std::istream& standard_input,
                                   size_t bytes_max) {
  absl::StatusOr<TextFile> file = TextFile::Open(path, standard_input);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::string> text = file->Read(bytes_max + 1);
  if (!text.ok()) return text.status();
  if (text->size() > bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(file->name(), " is too large: it has more than ", bytes_max, " bytes"));
  }
  if (absl::Status valid = CheckUtf8(file->name(), *text); !valid.ok()) return valid;
  if (absl::Status valid = CheckNotUtf16(file->name(), *text); !valid.ok()) return valid;
  return NamedText{file->name(), *std::move(text)};
}

}  // namespace runnel::client
