#include "core/text/text_source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

class OpenFile {
 public:
  // O_NONBLOCK: opening a named pipe must not wait for its writer; regular files ignore it.
  explicit OpenFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

absl::Status StringSource::Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const {
  return sink(text_);
}

absl::Status FileSource::Read(absl::FunctionRef<absl::Status(absl::string_view)> sink) const {
  const OpenFile file(path_);
  if (file.descriptor() < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path_));
  }
  struct stat info;
  if (fstat(file.descriptor(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path_, " is not a regular file"));
  }
  const auto piece = std::make_unique<char[]>(kPieceBytes);
  while (true) {
    const ssize_t count = read(file.descriptor(), piece.get(), kPieceBytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return absl::DataLossError(absl::StrCat("cannot read ", path_, ": error ", errno));
    }
    if (count == 0) return absl::OkStatus();
    if (absl::Status status = sink({piece.get(), static_cast<size_t>(count)}); !status.ok()) {
      return status;
    }
  }
}

}  // namespace runnel
