// Counts the open connections. gRPC does not tell when it has closed one. Therefore each connection
// is remembered by its descriptor and the inode of its socket: if the descriptor has another inode,
// or is closed, the connection has ended. Not thread-safe.
#ifndef RUNNEL_SERVER_BASE_OPEN_CONNECTIONS_H_
#define RUNNEL_SERVER_BASE_OPEN_CONNECTIONS_H_

#include <sys/types.h>

#include <chrono>
#include <unordered_map>

namespace runnel::server {

class OpenConnections {
 public:
  explicit OpenConnections(int max) : max_(max) {}

  // Remembers a new connection. False, and it is not remembered, if `max` others are open.
  bool Add(int descriptor);

  // The connections that were open at the last check, plus those added since.
  int size() const { return static_cast<int>(inodes_.size()); }

 private:
  using Clock = std::chrono::steady_clock;

  // Forgets those that are closed, unless that was done a moment ago.
  void ForgetClosed();

  const int max_;
  std::unordered_map<int, ino_t> inodes_;  // by descriptor
  Clock::time_point next_look_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_OPEN_CONNECTIONS_H_
