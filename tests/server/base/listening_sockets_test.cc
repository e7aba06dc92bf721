#include "server/base/listening_sockets.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string OpenError(const std::string& address) {
  const auto sockets = ListeningSockets::Open(address);
  EXPECT_FALSE(sockets.ok()) << address;
  return std::string(sockets.status().message());
}

int ConnectToPath(const std::string& path) {
  sockaddr_un address = {.sun_family = AF_UNIX};
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  const int result =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  close(descriptor);
  return result;
}

int ConnectToPort(int family, int port) {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  v6.sin6_addr = in6addr_loopback;
  const int descriptor = socket(family, SOCK_STREAM, 0);
  const int result = family == AF_INET
                         ? connect(descriptor, reinterpret_cast<const sockaddr*>(&v4), sizeof(v4))
                         : connect(descriptor, reinterpret_cast<const sockaddr*>(&v6), sizeof(v6));
  close(descriptor);
  return result;
}

int PortOf(const ListeningSockets& sockets) {
  return std::stoi(sockets.address().substr(sockets.address().rfind(':') + 1));
}

bool HasIpv6() { return ListeningSockets::Open("[::1]:0").ok(); }

TEST(ParseListenAddress, TakesHostAndPortBracketsAndPaths) {
  EXPECT_EQ(ParseListenAddress("localhost:0")->host, "localhost");
  EXPECT_EQ(ParseListenAddress("[::1]:65535")->host, "::1");
  EXPECT_EQ(ParseListenAddress("[::1]:65535")->port, 65535);
  EXPECT_EQ(ParseListenAddress("unix:/run/x")->path, "/run/x");
  EXPECT_EQ(ParseListenAddress("unix:///run/x")->path, "/run/x");
  EXPECT_EQ(ParseListenAddress("unix:x")->path, "x");
  EXPECT_TRUE(ParseListenAddress("unix:" + std::string(107, 'x')).ok());
}

TEST(ParseListenAddress, RefusesOthersAndQuotesThem) {
  for (const char* text : {"", "nowhere", ":1", "h:", "h:65536", "h:-1", "h:x", "::1:5", "[::1]",
                           "[]:1", "unix:", "[::1:5"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(std::string("\"") + text));
  }
  EXPECT_THAT(std::string(ParseListenAddress("unix:/" + std::string(107, 'x')).status().message()),
              HasSubstr("has 108 bytes; a Unix socket's may have at most 107"));
}

TEST(ListeningSockets, PortZero_IsReplacedByTheOneInUse) {
  const auto sockets = ListeningSockets::Open("127.0.0.1:0");
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_GT(PortOf(*sockets), 0);
  EXPECT_EQ(ConnectToPort(AF_INET, PortOf(*sockets)), 0);
}

TEST(ListeningSockets, AHostWithSeveralAddresses_IsServedAtEachOnOnePort) {
  const auto sockets = ListeningSockets::Open("localhost:0");
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_EQ(ConnectToPort(AF_INET, PortOf(*sockets)), 0);
  EXPECT_THAT(sockets->address(), HasSubstr("localhost:"));
  if (sockets->descriptors().size() > 1) {
    EXPECT_EQ(ConnectToPort(AF_INET6, PortOf(*sockets)), 0);
  }
}

TEST(ListeningSockets, Ipv6_IsServed_AndItsWildcardTakesIpv4Too) {
  if (!HasIpv6()) GTEST_SKIP() << "this machine has no IPv6";
  const auto one = ListeningSockets::Open("[::1]:0");
  EXPECT_EQ(ConnectToPort(AF_INET6, PortOf(*one)), 0);
  EXPECT_NE(ConnectToPort(AF_INET, PortOf(*one)), 0);
  const auto all = ListeningSockets::Open("[::]:0");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(ConnectToPort(AF_INET6, PortOf(*all)), 0);
  EXPECT_EQ(ConnectToPort(AF_INET, PortOf(*all)), 0);
}

TEST(ListeningSockets, Errors_SayWhatIsSo) {
  const auto first = ListeningSockets::Open("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(OpenError(first->address()), HasSubstr("in use"));
  // 192.0.2.0/24 is reserved for documentation, .invalid for names that never resolve.
  const std::string foreign = OpenError("192.0.2.1:0");
  EXPECT_THAT(foreign, HasSubstr("cannot listen on 192.0.2.1:0: "));
  EXPECT_THAT(foreign, HasSubstr("not one of this machine's"));
  EXPECT_THAT(foreign, Not(HasSubstr("in use")));
  const std::string unknown = OpenError("no-such-host.invalid:0");
  EXPECT_THAT(unknown, HasSubstr("the host \"no-such-host.invalid\" does not resolve"));
  EXPECT_THAT(unknown, Not(HasSubstr("in use")));
}

TEST(ListeningSockets, UnixSocket_IsServedAndRemovedAtTheEnd) {
  const testing::TemporaryFolder folder;
  const std::string path = folder / "socket";
  {
    const auto sockets = ListeningSockets::Open("unix:" + path);
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    EXPECT_EQ(sockets->address(), "unix:" + path);
    EXPECT_EQ(ConnectToPath(path), 0);
    EXPECT_THAT(OpenError("unix:" + path), HasSubstr("in use"));
    EXPECT_EQ(ConnectToPath(path), 0) << "the second server must not replace it";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ListeningSockets, SocketFileOfAnEndedServer_IsReplaced) {
  const testing::TemporaryFolder folder;
  const std::string path = folder / "socket";
  sockaddr_un address = {.sun_family = AF_UNIX};
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  const int killed = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(killed, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  close(killed);
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto sockets = ListeningSockets::Open("unix:" + path);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_EQ(ConnectToPath(path), 0);
}

TEST(ListeningSockets, FilesThatAreNoSockets_AndOtherOwnersSockets_AreKept) {
  const testing::TemporaryFolder folder;
  const std::string path = folder / "file";
  testing::WriteFile(path, "text");
  EXPECT_THAT(OpenError("unix:" + path), HasSubstr("is not a socket"));
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_THAT(OpenError("unix:" + (folder / "missing") + "/socket"),
              HasSubstr("No such file or directory"));
  {
    const auto sockets = ListeningSockets::Open("unix:" + (folder / "socket"));
    ASSERT_TRUE(sockets.ok());
    std::filesystem::remove(folder / "socket");
    testing::WriteFile(folder / "socket", "someone else's");
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "socket"));
}

}  // namespace
}  // namespace runnel::server
