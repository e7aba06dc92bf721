#include "server/base/connection_acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/thread.h"
#include "server/base/log.h"

namespace runnel::server {
namespace {

// Connections accepted at one socket before the others have their turn.
constexpr int kAcceptsInARow = 64;
// How long to wait when the system has no resources for a connection.
constexpr int kPauseMs = 10;

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool IsOutOfDescriptors(int error) { return error == EMFILE || error == ENFILE; }

// Whether accept(2) failed for this connection only (its own earlier error, or an interruption), so
// that the next call can succeed.
bool IsOfOneConnection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case ENONET:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

}  // namespace

ConnectionAcceptor::ConnectionAcceptor(ListeningSockets sockets, int connections_max,
                                       Handler handler)
    : sockets_(std::move(sockets)),
      connections_(connections_max),
      handler_(std::move(handler)),
      stop_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      reserve_(OpenReserve()) {}

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Start(
    ListeningSockets sockets, int connections_max, Handler handler) {
  std::unique_ptr<ConnectionAcceptor> acceptor(
      new ConnectionAcceptor(std::move(sockets), connections_max, std::move(handler)));
  if (acceptor->stop_event_ < 0 || acceptor->reserve_ < 0) {
    return absl::ResourceExhaustedError("there is no file descriptor left to accept connections");
  }
  auto thread = StartThread([a = acceptor.get()] { a->AcceptUntilStopped(); });
  if (!thread.ok()) return thread.status();
  acceptor->thread_ = *std::move(thread);
  return acceptor;
}

ConnectionAcceptor::~ConnectionAcceptor() {
  Stop();
  if (stop_event_ >= 0) close(stop_event_);
  if (reserve_ >= 0) close(reserve_);
}

void ConnectionAcceptor::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(stop_event_, &one, sizeof(one));
    thread_.join();
  }
  sockets_.reset();
}

void ConnectionAcceptor::AcceptUntilStopped() {
  std::vector<pollfd> polled{{.fd = stop_event_, .events = POLLIN, .revents = 0}};
  for (const int listener : sockets_->descriptors()) {
    polled.push_back({.fd = listener, .events = POLLIN, .revents = 0});
  }
  while (true) {
    if (poll(polled.data(), polled.size(), /*timeout=*/-1) < 0) {
      if (errno != EINTR) Pause();  // no memory
      continue;
    }
    if (polled.front().revents != 0) return;
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents != 0) AcceptFrom(polled[i].fd);
    }
  }
}

void ConnectionAcceptor::AcceptFrom(int listener) {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    const int descriptor = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      if (connections_.Add(descriptor)) {
        handler_(listener, descriptor);
      } else {
        CountRefused(
            "refused connection",
            absl::StrCat(connections_.size(), " are open, which is the most (--max-connections)"));
        close(descriptor);
      }
    } else if (errno == EAGAIN) {
      return;
    } else if (IsOutOfDescriptors(errno)) {
      RefuseWithReserve(listener);
    } else if (!IsOfOneConnection(errno)) {
      Pause();  // no memory
      return;
    }
  }
}

void ConnectionAcceptor::RefuseWithReserve(int listener) {
  if (reserve_ >= 0) close(reserve_);
  const int descriptor = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) {
    CountRefused("connection without a descriptor", "no file descriptor is left");
    close(descriptor);
  }
  reserve_ = OpenReserve();
  // Another thread may have taken the descriptor; then the connection still waits.
  if (descriptor < 0 || reserve_ < 0) Pause();
}

void ConnectionAcceptor::CountRefused(absl::string_view kind, absl::string_view reason) {
  ++refused_;
  LogLimited(LogLevel::kWarning, kind, absl::StrCat("refused a connection: ", reason));
}

void ConnectionAcceptor::Pause() {
  pollfd stop{.fd = stop_event_, .events = POLLIN, .revents = 0};
  poll(&stop, 1, kPauseMs);
}

}  // namespace runnel::server
