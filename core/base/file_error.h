// What the file system reports in errno, as a status.
#ifndef RUNNEL_CORE_BASE_FILE_ERROR_H_
#define RUNNEL_CORE_BASE_FILE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace runnel {

// "ACTION PATH: the reason in errno", for example "cannot open a/b: No such file or directory". A
// full disk, a spent quota and a file that is too large are all RESOURCE_EXHAUSTED; other errors
// have the code that Abseil gives them.
absl::Status FileError(absl::string_view action, absl::string_view path);

}  // namespace runnel

#endif  // RUNNEL_CORE_BASE_FILE_ERROR_H_
