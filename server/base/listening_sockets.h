// The sockets that the server listens on: one for each address that the host's name has, or one in
// the file system.
#ifndef RUNNEL_SERVER_BASE_LISTENING_SOCKETS_H_
#define RUNNEL_SERVER_BASE_LISTENING_SOCKETS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel::server {

// An address as the operator writes it.
struct ListenAddress {
  std::string host;  // without the brackets of an IPv6 address; empty for a Unix socket
  int port = 0;      // 0: the system picks a free one
  std::string path;  // of a Unix socket; empty for HOST:PORT

  bool is_unix() const { return !path.empty(); }
};

// Reads "HOST:PORT", "[IPV6]:PORT" or "unix:PATH". INVALID_ARGUMENT, with a message that quotes
// `text`, if it is none of them or the path is longer than the system allows.
absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text);

class ListeningSockets {
 public:
  // Listens on `address`. UNAVAILABLE with the reason if that is impossible: the host does not
  // resolve, the address is not this machine's, it is in use, or it needs a permission.
  //
  // A host that has several addresses is listened on at all of them; an address whose family this
  // machine does not have is passed over if there is another. The socket file of a server that has
  // ended is replaced.
  static absl::StatusOr<ListeningSockets> Open(const std::string& address);
  // Closes the sockets and removes the socket file.
  ~ListeningSockets();
  ListeningSockets(ListeningSockets&& other) noexcept;
  ListeningSockets& operator=(ListeningSockets&&) = delete;

  // The listening sockets: non-blocking and close-on-exec.
  const std::vector<int>& descriptors() const { return descriptors_; }
  // HOST:PORT with the port that is in use, or unix:PATH.
  const std::string& address() const { return address_; }

 private:
  ListeningSockets() = default;

  absl::Status OpenHost(const ListenAddress& address);
  absl::Status OpenPath(const std::string& path);

  std::vector<int> descriptors_;
  std::string address_;
  std::string path_;         // of the socket file that is ours
  uint64_t path_inode_ = 0;  // tells whether the file at `path_` is still ours
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_LISTENING_SOCKETS_H_
