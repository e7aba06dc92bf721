#include "core/base/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/file_error.h"

namespace runnel {

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Try(const std::string& path, Mode mode) {
  constexpr mode_t kFileMode = 0644;
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (descriptor < 0) return FileError("cannot open", path);
  const int operation = (mode == Mode::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  if (flock(descriptor, operation) == 0) return std::unique_ptr<FileLock>(new FileLock(descriptor));
  const bool is_taken = errno == EWOULDBLOCK;
  const absl::Status failure = FileError("cannot lock", path);
  close(descriptor);
  if (is_taken) return std::unique_ptr<FileLock>();
  return failure;
}

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Wait(const std::string& path, Mode mode) {
  constexpr std::chrono::seconds kWaitMax(10);
  constexpr std::chrono::milliseconds kPause(2);
  const auto end = std::chrono::steady_clock::now() + kWaitMax;
  do {
    auto lock = Try(path, mode);
    if (!lock.ok() || *lock != nullptr) return lock;
    std::this_thread::sleep_for(kPause);
  } while (std::chrono::steady_clock::now() < end);
  return absl::UnavailableError(
      absl::StrCat("another process has held the lock ", path, " for ", kWaitMax.count(), " s"));
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace runnel
