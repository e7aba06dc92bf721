// Files that the user names, and standard input under the name "-".
#ifndef RUNNEL_CLIENT_OUTPUT_TEXT_FILE_H_
#define RUNNEL_CLIENT_OUTPUT_TEXT_FILE_H_

#include <cstddef>
#include <fstream>
#include <istream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel::client {

// How the user names standard input, and how messages call it.
inline constexpr char kStandardInputPath[] = "-";
inline constexpr char kStandardInputName[] = "standard input";

// The bytes of a file, or of standard input for the name "-", read piece by piece. Errors are for
// people and name the file.
class TextFile {
 public:
  // INVALID_ARGUMENT if the name is empty, or if the file cannot be opened or is a directory.
  // `standard_input` must outlive the object.
  static absl::StatusOr<TextFile> Open(const std::string& path, std::istream& standard_input);

  // Returns the next `size_max` bytes, or fewer if the file ends before. INVALID_ARGUMENT if
  // reading fails.
  absl::StatusOr<std::string> Read(size_t size_max);

  // The name that messages use.
  const std::string& name() const { return name_; }

 private:
  explicit TextFile(std::istream& standard_input)
      : name_(kStandardInputName), standard_input_(&standard_input) {}
  TextFile(std::string name, std::ifstream file) : name_(std::move(name)), file_(std::move(file)) {}

  std::string name_;
  std::ifstream file_;
  std::istream* standard_input_ = nullptr;
};

// The text of a whole file, and the name that messages use for it.
struct NamedText {
  std::string name;
  std::string text;
};

// Reads all of a file, as TextFile does. INVALID_ARGUMENT also if it has more than `bytes_max`
// bytes or is not UTF-8 (see CheckUtf8 and CheckNotUtf16).
absl::StatusOr<NamedText> ReadText(const std::string& path, std::istream& standard_input,
                                   size_t bytes_max);

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_TEXT_FILE_H_
