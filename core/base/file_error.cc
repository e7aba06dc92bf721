#include "core/base/file_error.h"

#include <errno.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace runnel {

absl::Status FileError(absl::string_view action, absl::string_view path) {
  const int error = errno;
  const std::string message = absl::StrCat(action, " ", path);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return absl::ResourceExhaustedError(
        absl::StrCat(message, ": ", absl::ErrnoToStatus(error, "no room left").message()));
  }
  return absl::ErrnoToStatus(error, message);
}

}  // namespace runnel
