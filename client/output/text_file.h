#ifndef RUNNEL_CLIENT_OUTPUT_TEXT_FILE_H_
#define RUNNEL_CLIENT_OUTPUT_TEXT_FILE_H_

#include <cstddef>
#include <fstream>
#include <istream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel::client {

// The bytes of a file, or of standard input for the name "-", read piece by piece.
class TextFile {
 public:
  // INVALID_ARGUMENT, with a message for people that names the file, if it cannot be opened or is a
  // directory. `standard_input` must outlive the object.
  static absl::StatusOr<TextFile> Open(const std::string& path, std::istream& standard_input);

  // The next bytes, `size_max` of them unless the file ends before. INVALID_ARGUMENT if reading
  // fails.
  absl::StatusOr<std::string> Read(size_t size_max);

  // As messages call it.
  const std::string& name() const { return name_; }

 private:
  explicit TextFile(std::istream& standard_input)
      : name_("standard input"), standard_input_(&standard_input) {}
  TextFile(std::string name, std::ifstream file) : name_(std::move(name)), file_(std::move(file)) {}

  std::string name_;
  std::ifstream file_;
  std::istream* standard_input_ = nullptr;
};

// Says where `text`, all that was read from `name`, is not UTF-8, if anywhere.
absl::Status CheckUtf8(const std::string& name, absl::string_view text);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TEXT_FILE_H_
