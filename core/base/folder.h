// Makes and lists folders.
#ifndef RUNNEL_CORE_BASE_FOLDER_H_
#define RUNNEL_CORE_BASE_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel {

// Makes the folder and its parents if they are missing; they are on disk when this returns. Errors
// of the file system, naming the folder.
absl::Status MakeFolder(const std::string& folder);

// Like MakeFolder; also an error if this process may not read and write in the folder.
absl::Status MakeUsableFolder(const std::string& folder);

// The names in a folder, in no particular order. Errors of the file system, naming the folder.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder);

// The size of a file; 0 if there is no such file.
int64_t FileBytes(const std::string& path);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FOLDER_H_
