// How a server treats its connections, with real sockets.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>

#include "server/base/connection_arguments.h"
#include "tests/server/server_fixture.h"
#include "tests/testing/http2_peer.h"
#include "tests/testing/sanitizer.h"
#include "tests/testing/without_threads.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// A TCP connection that is closed at the end.
class Connection {
 public:
  explicit Connection(const std::string& address) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  }
  ~Connection() { close(descriptor_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool connected() const { return connected_; }
  void Send(const std::string& bytes) const {
    EXPECT_EQ(send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Reads until the server closes the connection; false if it does not within `time`.
  bool IsClosedWithin(std::chrono::milliseconds time) const {
    const auto end = Clock::now() + time;
    while (Clock::now() < end) {
      pollfd readable{.fd = descriptor_, .events = POLLIN, .revents = 0};
      char buffer[4096];
      if (poll(&readable, 1, /*timeout=*/100) == 1 &&
          recv(descriptor_, buffer, sizeof(buffer), 0) <= 0) {
        return true;
      }
    }
    return false;
  }

 private:
  const int descriptor_;
  bool connected_ = false;
};

// What an HTTP/2 client begins with: the preface and empty SETTINGS.
const std::string kHello =
    std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string("\0\0\0\x04\0\0\0\0\0", 9);

class ConnectionsTest : public ServerTest {
 protected:
  void SetUp() override {}  // tests set their options first

  bool Answers() {
    const auto channel =
        grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), [] {
          grpc::ChannelArguments arguments;
          arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
          return arguments;
        }());
    grpc::ClientContext context;
    v1::ListModelsResponse response;
    return v1::ModelService::NewStub(channel)
        ->ListModels(&context, v1::ListModelsRequest(), &response)
        .ok();
  }
};

TEST_F(ConnectionsTest, BeyondMaxConnections_AreRefused_AndServedWhenOthersHaveGone) {
  options_.max_connections = 2;
  StartServer();
  {
    const Connection first(server_->address());
    const Connection second(server_->address());
    first.Send(kHello);
    second.Send(kHello);
    const Connection third(server_->address());
    EXPECT_TRUE(third.IsClosedWithin(std::chrono::seconds(10)));
    EXPECT_FALSE(Answers());
  }
  EXPECT_TRUE(Eventually([&] { return Answers(); }));
}

TEST_F(ConnectionsTest, MoreConnectionsThanDescriptors_AreRefusedAtTheStart) {
  options_.max_connections = 1'000'000'000;
  const auto server = Server::Start(options_);
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("--max-connections is 1000000000"));
}

TEST_F(ConnectionsTest, UnixSocket_IsServed) {
  options_.listen = "unix:" + (folder_ / "socket");
  StartServer();
  EXPECT_EQ(server_->address(), options_.listen);
  EXPECT_TRUE(Answers());
  server_ = nullptr;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "socket"));
}

TEST_F(ConnectionsTest, LocalhostAndIpv6_AreServed) {
  for (const char* address : {"localhost:0", "[::1]:0"}) {
    if (!ListeningSockets::Open(address).ok()) continue;  // a machine without IPv6
    options_.listen = address;
    StartServer();
    EXPECT_TRUE(Answers()) << address;
  }
}

TEST_F(ConnectionsTest, Drain_DoesNotWaitForPeersWithoutACall) {
  options_.drain_seconds = 30;
  StartServer();
  ASSERT_TRUE(
      channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)));
  const Connection bare(server_->address());
  const Connection deaf(server_->address());  // ignores GOAWAY
  deaf.Send(kHello);
  const auto begin = Clock::now();
  server_->Drain();
  // It took 35 s when it waited for them.
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(kSanitizer ? 20 : 8));
  EXPECT_TRUE(deaf.IsClosedWithin(std::chrono::seconds(10)));
}

TEST_F(ConnectionsTest, PeerThatAnswersNoPing_IsDisconnected_ThoughItHasNoCall) {
  options_.keepalive_seconds = 1;
  options_.keepalive_timeout_seconds = 1;
  StartServer();
  const Connection silent(server_->address());
  silent.Send(kHello);
  EXPECT_TRUE(silent.IsClosedWithin(std::chrono::seconds(30)));
}

TEST_F(ConnectionsTest, IdleConnection_IsClosed) {
  options_.max_connection_idle_seconds = 1;
  StartServer();
  ASSERT_TRUE(Answers());
  const Connection idle(server_->address());
  idle.Send(kHello);
  EXPECT_TRUE(idle.IsClosedWithin(std::chrono::seconds(30)));
}

TEST(ConnectionArguments, LetClientsPingEveryTenSeconds_WithoutCallsToo) {
  const auto list = ConnectionArguments({.keepalive_seconds = 30, .keepalive_timeout_seconds = 10});
  const std::map<std::string, int> arguments(list.begin(), list.end());
  EXPECT_LE(arguments.at(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS), 9'000);
  EXPECT_EQ(arguments.at(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS), 1);
  EXPECT_EQ(arguments.at(GRPC_ARG_KEEPALIVE_TIME_MS), 30'000);
  EXPECT_EQ(arguments.at(GRPC_ARG_KEEPALIVE_TIMEOUT_MS), 10'000);
  EXPECT_EQ(arguments.at(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS), 10'000);
  EXPECT_EQ(arguments.count(GRPC_ARG_MAX_CONNECTION_AGE_MS), 0u);
}

// A gRPC server with the arguments of Runnel's.
class ServerWithArguments {
 public:
  explicit ServerWithArguments(const ConnectionTimes& times) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    for (const auto& [name, value] : ConnectionArguments(times)) {
      builder.AddChannelArgument(name, value);
    }
    server_ = builder.BuildAndStart();
  }
  ~ServerWithArguments() { server_->Shutdown(std::chrono::system_clock::now()); }

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  v1::ModelService::CallbackService service_;  // whose methods are not implemented
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

constexpr ConnectionTimes kTimes = {.keepalive_seconds = 30, .keepalive_timeout_seconds = 10};

TEST(ConnectionTimes, PeerThatDoesNotBeginHttp2_IsDisconnected) {
  ConnectionTimes times = kTimes;
  times.handshake_ms = 1'000;
  const ServerWithArguments server(times);
  const Connection bare(server.address());
  const Connection begun(server.address());
  begun.Send(kHello);
  EXPECT_TRUE(bare.IsClosedWithin(std::chrono::seconds(20)));
  EXPECT_FALSE(begun.IsClosedWithin(std::chrono::seconds(2)));
}

TEST(ConnectionTimes, PingsAsOftenAsIsAllowed_EndNothing_WithACallAndWithout) {
  ConnectionTimes times = kTimes;
  times.client_pings_ms = 50;
  const ServerWithArguments server(times);
  for (const bool with_call : {false, true}) {
    testing::Http2Peer peer(server.port(), {});
    ASSERT_TRUE(peer.connected());
    if (with_call) peer.Begin("/runnel.v1.ModelService/ListModels");  // it waits for its request
    for (int i = 0; i < 8; ++i) {
      peer.Ping();
      peer.ReadUntilEnd(0, 300);
    }
    EXPECT_FALSE(peer.told_to_go()) << with_call;
  }
}

TEST(ConnectionTimes, PingsMoreOftenThanIsAllowed_EndTheConnection) {
  const ServerWithArguments server(kTimes);
  testing::Http2Peer peer(server.port(), {});
  ASSERT_TRUE(peer.connected());
  for (int i = 0; i < 10; ++i) peer.Ping();
  EXPECT_TRUE(Eventually([&] {
    peer.ReadUntilEnd(0, 10);
    return peer.told_to_go();
  }));
}

TEST(StartOfTheServer, WhereTheSystemRefusesThreads_IsRefusedWithTheReason) {
  const testing::TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);  // the child is nobody
  const int result = testing::RunWithoutThreads([&] {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.data_dir = folder / "data";
    const auto parts = ServerParts::Create(options);
    return absl::IsResourceExhausted(parts.status()) ? 0 : 1;
  });
  if (result == testing::kLimitNotAvailable) GTEST_SKIP() << "the limit of processes cannot be set";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace runnel::server
