#include "server/base/connection_acceptor.h"

#include <arpa/inet.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server/generic_call.h"
#include "tests/testing/sanitizer.h"
#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 20000 && !condition(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return condition();
}

// Keeps the connections that it is given, like gRPC.
class Keeper {
 public:
  ~Keeper() { CloseAll(); }
  void Keep(int descriptor) {
    const std::lock_guard lock(mutex_);
    descriptors_.push_back(descriptor);
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return descriptors_.size();
  }
  void CloseAll() {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : descriptors_) close(descriptor);
    descriptors_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<int> descriptors_;
};

struct Listener {
  Keeper keeper;
  int port = 0;
  std::unique_ptr<ConnectionAcceptor> acceptor;

  explicit Listener(int connections_max) {
    auto sockets = ListeningSockets::Open("127.0.0.1:0");
    const std::string address = sockets->address();
    port = std::stoi(address.substr(address.rfind(':') + 1));
    auto started = ConnectionAcceptor::Start(*std::move(sockets), connections_max,
                                             [this](int, int fd) { keeper.Keep(fd); });
    EXPECT_TRUE(started.ok()) << started.status();
    acceptor = *std::move(started);
  }
};

int Connect(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return descriptor;
  }
  close(descriptor);
  return -1;
}

// Whether the other side closes the connection, rather than keeping it.
bool IsClosedByPeer(int descriptor) {
  char byte;
  pollfd readable{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&readable, 1, 10'000) == 1 && recv(descriptor, &byte, 1, 0) <= 0;
}

TEST(ConnectionAcceptor, BeyondTheBound_IsClosedAtOnce_AndServedWhenThereIsRoomAgain) {
  Listener listener(3);
  std::vector<int> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Connect(listener.port));
  ASSERT_TRUE(Eventually([&] { return listener.keeper.size() == 3; }));
  const int refused = Connect(listener.port);
  ASSERT_GE(refused, 0);
  EXPECT_TRUE(IsClosedByPeer(refused));
  EXPECT_EQ(listener.acceptor->refused(), 1);
  listener.keeper.CloseAll();  // as gRPC closes its side
  clients.push_back(Connect(listener.port));
  EXPECT_TRUE(Eventually([&] { return listener.keeper.size() == 1; }));
  EXPECT_EQ(listener.acceptor->refused(), 1);
  for (const int client : clients) close(client);
  close(refused);
}

TEST(ConnectionAcceptor, ClosedConnections_AreForgottenThoughTheirDescriptorsAreUsedAgain) {
  Listener listener(2);
  for (int i = 0; i < 50; ++i) {
    const int client = Connect(listener.port);
    ASSERT_TRUE(Eventually([&] { return listener.keeper.size() == 1; })) << i;
    listener.keeper.CloseAll();
    close(client);
  }
  EXPECT_EQ(listener.acceptor->refused(), 0);
}

// Remembers the peer of each call and ends it.
class PeerService : public grpc::CallbackGenericService {
 public:
  std::string last_peer() {
    const std::lock_guard lock(mutex_);
    return last_peer_;
  }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor() { Finish(grpc::Status::OK); }
    void OnDone() override { delete this; }
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    const std::lock_guard lock(mutex_);
    last_peer_ = context->peer();
    return new Reactor;
  }

  std::mutex mutex_;
  std::string last_peer_;
};

TEST(ConnectionAcceptor, GrpcBehindIt_KnowsTheClientsAddress) {
  const testing::TemporaryFolder folder;
  for (const auto& [address, prefix] :
       {std::pair<std::string, std::string>{"127.0.0.1:0", "ipv4:127.0.0.1:"},
        {"unix:" + (folder / "socket"), "unix:"}}) {
    PeerService service;
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service);
    const auto connections = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    const auto server = builder.BuildAndStart();
    auto sockets = ListeningSockets::Open(address);
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    const std::string target = sockets->address();
    const auto acceptor = ConnectionAcceptor::Start(
        *std::move(sockets), /*connections_max=*/10, [&](int listener, int descriptor) {
          grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
          connection.listener_fd = listener;
          connection.fd = descriptor;
          connections->HandleNewConnection(&connection);
        });
    ASSERT_TRUE(acceptor.ok()) << acceptor.status();
    const auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
    std::string response;
    EXPECT_TRUE(GenericCall(channel, "/any/Call").Exchange("", &response).ok());
    EXPECT_EQ(service.last_peer().substr(0, prefix.size()), prefix);
    (*acceptor)->Stop();
    server->Shutdown(std::chrono::system_clock::now());
  }
}

TEST(ConnectionAcceptor, AfterStop_TheSystemRefuses) {
  Listener listener(3);
  listener.acceptor->Stop();
  EXPECT_EQ(Connect(listener.port), -1);
}

// In a child process, whose descriptors can all be taken. The exit status names what went wrong.
int ServeWithoutDescriptors() {
  constexpr int kLimit = 64;
  Listener listener(1000);
  const rlimit limit = {.rlim_cur = kLimit, .rlim_max = kLimit};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
  std::vector<int> clients;  // the acceptor's side and this one share the descriptors
  for (int client = Connect(listener.port); client >= 0; client = Connect(listener.port)) {
    clients.push_back(client);
  }
  if (clients.empty()) return 3;
  for (const int client : clients) close(client);
  listener.keeper.CloseAll();
  const int client = Connect(listener.port);
  if (client < 0) return 4;
  return Eventually([&] { return listener.keeper.size() > 0; }) ? 0 : 5;
}

TEST(ConnectionAcceptor, AfterAllDescriptorsWereTaken_ServesAgain) {
  if (kThreadSanitizer) {
    GTEST_SKIP() << "ThreadSanitizer does not let a forked process start threads";
  }
  const pid_t child = fork();
  if (child == 0) _exit(ServeWithoutDescriptors());
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace runnel::server
