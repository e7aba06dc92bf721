#include "client/output/text_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/output/utf8.h"

namespace runnel::client {

absl::StatusOr<TextFile> TextFile::Open(const std::string& path, std::istream& standard_input) {
  if (path == "-") return TextFile(standard_input);
  std::error_code ignored;
  // Opening a directory succeeds; only reading it fails, with words that help nobody.
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
  std::istream& stream = standard_input_ != nullptr ? *standard_input_ : file_;
  std::string bytes(size_max, '\0');
  errno = 0;
  stream.read(bytes.data(), static_cast<std::streamsize>(size_max));
  if (stream.bad()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", name_, ": ", std::strerror(errno)));
  }
  bytes.resize(static_cast<size_t>(stream.gcount()));
  return bytes;
}

absl::Status CheckUtf8(const std::string& name, absl::string_view text) {
  const size_t valid = ValidUtf8Prefix(text);
  if (valid == text.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is not UTF-8 (at byte ", valid,
                                                 "); convert it, for example with iconv -t UTF-8"));
}

}  // namespace runnel::client
