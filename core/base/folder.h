// Folders, as the parts that keep files use them.
#ifndef RUNNEL_CORE_BASE_FOLDER_H_
#define RUNNEL_CORE_BASE_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace runnel {

// Makes the folder, and those above it, if it is missing. Errors of the file system, naming it.
absl::Status MakeFolder(const std::string& folder);

// As MakeFolder, and an error if this process may not read and write there.
absl::Status MakeUsableFolder(const std::string& folder);

// The names in a folder, in no order; those met before an error of the file system.
std::vector<std::string> NamesIn(const std::string& folder);

// 0 if there is no such file.
int64_t FileBytes(const std::string& path);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FOLDER_H_
