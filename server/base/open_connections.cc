#include "server/base/open_connections.h"

#include <sys/stat.h>

#include <optional>

namespace runnel::server {
namespace {

// After a scan of all connections, the next one is delayed by this many times its duration, so that
// a client that keeps trying while all connections are taken costs little.
constexpr int kPauseFactor = 10;

// The inode of a socket; nothing if the descriptor is closed or is no socket.
std::optional<ino_t> InodeOf(int descriptor) {
  struct stat file = {};
  if (fstat(descriptor, &file) != 0 || !S_ISSOCK(file.st_mode)) return std::nullopt;
  return file.st_ino;
}

}  // namespace

bool OpenConnections::Add(int descriptor) {
  inodes_.erase(descriptor);  // the system gave the number again, so its former owner is closed
  if (size() >= max_) ForgetClosed();
  if (size() >= max_) return false;
  const std::optional<ino_t> inode = InodeOf(descriptor);
  if (inode) inodes_[descriptor] = *inode;
  return true;
}

void OpenConnections::ForgetClosed() {
  const Clock::time_point begin = Clock::now();
  if (begin < next_look_) return;
  for (auto it = inodes_.begin(); it != inodes_.end();) {
    it = InodeOf(it->first) == it->second ? std::next(it) : inodes_.erase(it);
  }
  const Clock::time_point end = Clock::now();
  next_look_ = end + kPauseFactor * (end - begin);
}

}  // namespace runnel::server
