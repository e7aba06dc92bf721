// Accepts connections on a thread of its own and hands them over, as long as fewer than a maximum
// number are open.
//
// gRPC has a listener too, but that never accepts again once accept(2) has failed because the
// process had no descriptor left. This one keeps a descriptor in reserve: when there is no other,
// or when all connections are taken, it accepts and closes, so that a client learns at once that it
// is refused, and the next one is served as soon as there is room.
#ifndef RUNNEL_SERVER_BASE_CONNECTION_ACCEPTOR_H_
#define RUNNEL_SERVER_BASE_CONNECTION_ACCEPTOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/listening_sockets.h"
#include "server/base/open_connections.h"

namespace runnel::server {

class ConnectionAcceptor {
 public:
  // Takes over the descriptor of a new connection, whose listening socket is `listener`.
  using Handler = std::function<void(int listener, int descriptor)>;

  // Accepts from now on. RESOURCE_EXHAUSTED if there is no descriptor or thread for it.
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Start(ListeningSockets sockets,
                                                                   int connections_max,
                                                                   Handler handler);
  // Like Stop.
  ~ConnectionAcceptor();
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;

  // Closes the listening sockets; the system refuses connections from then on. Those that were
  // handed over stay. Returns when the handler runs no more. Not thread-safe.
  void Stop();

  // Connections that were refused so far. Thread-safe.
  int64_t refused() const { return refused_; }

 private:
  ConnectionAcceptor(ListeningSockets sockets, int connections_max, Handler handler);

  void AcceptUntilStopped();
  // Accepts the connections that wait at one listening socket, but at most kAcceptsInARow of them,
  // so that the other sockets get their turn.
  void AcceptFrom(int listener);
  // Refuses the connection that waits at `listener`, for which there is no descriptor.
  void RefuseWithReserve(int listener);
  // `reason` follows "refused a connection: " in the log, where each `kind` is limited by itself.
  void CountRefused(absl::string_view kind, absl::string_view reason);
  // Waits a little, or until Stop.
  void Pause();

  std::optional<ListeningSockets> sockets_;
  OpenConnections connections_;
  const Handler handler_;
  int stop_event_ = -1;  // readable after Stop
  int reserve_ = -1;
  std::atomic<int64_t> refused_ = 0;
  std::thread thread_;
};

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_CONNECTION_ACCEPTOR_H_
