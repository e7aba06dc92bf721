#ifndef RUNNEL_CLIENT_OUTPUT_NEW_FILE_H_
#define RUNNEL_CLIENT_OUTPUT_NEW_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel::client {

// A file that appears under its name when it is whole, or not at all: until Commit it is a
// temporary file beside it, which goes with this object. Messages are for people and name the file.
class NewFile {
 public:
  // ALREADY_EXISTS if there is a file and it is not to be replaced (`force`). INVALID_ARGUMENT if
  // nothing can be written there.
  static absl::StatusOr<NewFile> Create(std::string path, bool force);
  ~NewFile();
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;

  absl::Status Append(absl::string_view bytes);
  // Errors as Create: the file may have come meanwhile.
  absl::Status Commit();
  int64_t bytes() const { return bytes_; }

 private:
  NewFile(std::string path, std::string temporary_path, int descriptor, bool force);

  std::string path_;
  std::string temporary_path_;  // empty: there is none
  int descriptor_;
  bool force_;
  int64_t bytes_ = 0;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_NEW_FILE_H_
