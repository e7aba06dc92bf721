// Files that the client creates.
#ifndef RUNNEL_CLIENT_OUTPUT_NEW_FILE_H_
#define RUNNEL_CLIENT_OUTPUT_NEW_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace runnel::client {

// A file that appears under its name only once it is complete. Until Commit the bytes are in a
// temporary file in the same folder, which the destructor removes. Messages are for people and name
// the file.
class NewFile {
 public:
  // FAILED_PRECONDITION if there is such a file already, unless `force` allows to replace it.
  // INVALID_ARGUMENT if the name is empty or no file can be created there.
  static absl::StatusOr<NewFile> Create(std::string path, bool force);
  ~NewFile();
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;

  // INTERNAL if writing fails, for example because the disk is full.
  absl::Status Append(absl::string_view bytes);
  // Gives the file its name. INTERNAL if that fails; FAILED_PRECONDITION if another file has
  // appeared there since Create and `force` does not allow to replace it.
  absl::Status Commit();
  int64_t bytes() const { return bytes_; }

 private:
  NewFile(std::string path, std::string temporary_path, int descriptor, bool force);

  std::string path_;
  std::string temporary_path_;  // empty once it has been renamed or moved from
  int descriptor_;
  bool force_;
  int64_t bytes_ = 0;
};

}  // namespace runnel::client

#endif  // RUNNEL_CLIENT_OUTPUT_NEW_FILE_H_
