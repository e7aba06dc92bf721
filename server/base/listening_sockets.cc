#include "server/base/listening_sockets.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace runnel::server {
namespace {

constexpr absl::string_view kUnixPrefix = "unix:";
constexpr size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

// Any kind of socket address.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// A descriptor that is closed unless it is released.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }
  int Release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

absl::Status CannotListen(absl::string_view address, absl::string_view reason) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": ", reason));
}

std::string Reason(int error) {
  switch (error) {
    case EADDRINUSE:
      return "the address is in use by another process";
    case EADDRNOTAVAIL:
      return "the address is not one of this machine's";
    case EACCES:
    case EPERM:
      return "permission denied; ports below 1024 need a privilege";
    default:
      return strerror(error);
  }
}

// Whether a failure means that this machine has no addresses of the family, or not this one.
bool IsMissing(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

void SetPort(int port, SocketAddress* address) {
  const auto network_order = htons(static_cast<uint16_t>(port));
  if (address->storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&address->storage)->sin6_port = network_order;
  } else {
    reinterpret_cast<sockaddr_in*>(&address->storage)->sin_port = network_order;
  }
}

// The port that a bound socket has.
int BoundPort(int descriptor) {
  SocketAddress address;
  address.size = sizeof(address.storage);
  getsockname(descriptor, address.get(), &address.size);
  return address.storage.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

// A descriptor that listens on `address`, or -1 with errno set.
int Listen(const SocketAddress& address) {
  Descriptor descriptor(socket(address.storage.ss_family, kSocketFlags, 0));
  if (descriptor.get() < 0) return -1;
  const int on = 1;
  const int off = 0;
  if (address.storage.ss_family != AF_UNIX) {
    // Not SO_REUSEPORT: with it a second server would share the port, and calls would go to either.
    setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // connections inherit
  }
  if (address.storage.ss_family == AF_INET6) {
    // [::] takes IPv4 too, whatever the machine's default is.
    setsockopt(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (bind(descriptor.get(), address.get(), address.size) != 0) return -1;
  if (listen(descriptor.get(), SOMAXCONN) != 0) return -1;
  return descriptor.Release();
}

SocketAddress UnixAddress(const std::string& path) {
  SocketAddress address;
  auto* unix_address = reinterpret_cast<sockaddr_un*>(&address.storage);
  unix_address->sun_family = AF_UNIX;
  memcpy(unix_address->sun_path, path.data(), path.size());  // its length was checked
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

// Whether a socket file was left by a process that no longer listens.
bool IsAbandoned(const SocketAddress& address) {
  const Descriptor probe(socket(AF_UNIX, kSocketFlags, 0));
  return probe.get() >= 0 && connect(probe.get(), address.get(), address.size) != 0 &&
         errno == ECONNREFUSED;
}

absl::StatusOr<ListenAddress> ParsePath(const std::string& text) {
  absl::string_view path = text;
  absl::ConsumePrefix(&path, kUnixPrefix);
  if (absl::StartsWith(path, "///")) path.remove_prefix(2);  // unix:///PATH, as in a URL
  if (path.empty()) return absl::InvalidArgumentError("\"unix:\" lacks the path of the socket");
  if (path.size() > kPathBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("the path of \"", text, "\" has ", path.size(),
                                                   " bytes; a Unix socket's may have at most ",
                                                   kPathBytesMax));
  }
  return ListenAddress{.path = std::string(path)};
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text) {
  if (absl::StartsWith(text, kUnixPrefix)) return ParsePath(text);
  const size_t colon = text.rfind(':');
  ListenAddress address;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > std::numeric_limits<uint16_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is neither HOST:PORT with a port of 0 to 65535 nor unix:PATH"));
  }
  absl::string_view host = absl::string_view(text).substr(0, colon);
  const bool in_brackets = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (host.empty() || (!in_brackets && host.find_first_of(":[]") != absl::string_view::npos)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is neither HOST:PORT nor [IPV6]:PORT: an IPv6 address needs brackets"));
  }
  address.host = std::string(host);
  return address;
}

absl::StatusOr<ListeningSockets> ListeningSockets::Open(const std::string& address) {
  const auto parsed = ParseListenAddress(address);
  if (!parsed.ok()) return parsed.status();
  ListeningSockets sockets;
  sockets.address_ = address;
  absl::Status status =
      parsed->is_unix() ? sockets.OpenPath(parsed->path) : sockets.OpenHost(*parsed);
  if (!status.ok()) return status;
  return sockets;
}

absl::Status ListeningSockets::OpenHost(const ListenAddress& address) {
  const addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  const int error = getaddrinfo(address.host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    return CannotListen(address_, absl::StrCat("the host \"", address.host, "\" does not resolve (",
                                               gai_strerror(error), ")"));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  int port = address.port;
  int missing = 0;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    SocketAddress socket_address;
    memcpy(&socket_address.storage, info->ai_addr, info->ai_addrlen);
    socket_address.size = info->ai_addrlen;
    SetPort(port, &socket_address);
    const int descriptor = Listen(socket_address);
    if (descriptor < 0 && !IsMissing(errno)) return CannotListen(address_, Reason(errno));
    if (descriptor < 0) {
      missing = errno;
      continue;
    }
    descriptors_.push_back(descriptor);
    port = BoundPort(descriptor);
  }
  if (descriptors_.empty()) return CannotListen(address_, Reason(missing));
  address_ = absl::StrCat(address_.substr(0, address_.rfind(':')), ":", port);
  return absl::OkStatus();
}

absl::Status ListeningSockets::OpenPath(const std::string& path) {
  const SocketAddress address = UnixAddress(path);
  int descriptor = Listen(address);
  struct stat file = {};
  if (descriptor < 0 && errno == EADDRINUSE) {
    if (stat(path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode)) {
      return CannotListen(address_, "there is a file of this name that is not a socket");
    }
    if (!IsAbandoned(address)) return CannotListen(address_, Reason(EADDRINUSE));
    unlink(path.c_str());
    descriptor = Listen(address);
  }
  if (descriptor < 0) {
    return CannotListen(address_, errno == EADDRINUSE ? Reason(errno) : strerror(errno));
  }
  descriptors_.push_back(descriptor);
  if (stat(path.c_str(), &file) == 0) path_inode_ = file.st_ino;
  path_ = path;
  address_ = absl::StrCat(kUnixPrefix, path);
  return absl::OkStatus();
}

ListeningSockets::ListeningSockets(ListeningSockets&& other) noexcept
    : descriptors_(std::exchange(other.descriptors_, {})),
      address_(std::move(other.address_)),
      path_(std::exchange(other.path_, "")),
      path_inode_(other.path_inode_) {}

ListeningSockets::~ListeningSockets() {
  struct stat file = {};
  if (!path_.empty() && stat(path_.c_str(), &file) == 0 && file.st_ino == path_inode_) {
    unlink(path_.c_str());
  }
  for (const int descriptor : descriptors_) close(descriptor);
}

}  // namespace runnel::server
