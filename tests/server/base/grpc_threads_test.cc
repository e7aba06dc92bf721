#include "server/base/grpc_threads.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "server/server.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/without_threads.h"

namespace runnel::server {
namespace {

// The kernel keeps 15 characters of a thread's name, and gRPC calls these "default-executor".
int NamedExecutorThreads() {
  int count = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(thread.path() / "comm") >> name;
    if (name == "default-executo") ++count;
  }
  return count;
}

// A thread gives itself its name after it was started.
int ExecutorThreads() {
  for (int i = 0; i < 10'000 && NamedExecutorThreads() < ExecutorThreadsMax(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return NamedExecutorThreads();
}

TEST(GrpcThreads, AllOfTheExecutor_RunWhileAServerDoes) {
  const testing::TemporaryFolder folder;
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.data_dir = folder / "data";
  options.threads = 1;
  options.generation_threads = 1;
  const auto server = Server::Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(ExecutorThreads(), ExecutorThreadsMax());
}

TEST(GrpcThreads, RefusedBySystem_AreToldBeforeGrpcNeedsThem) {
  const int result = testing::RunWithoutThreads(
      [] { return absl::IsResourceExhausted(StartGrpcThreads()) ? 0 : 1; });
  if (result == testing::kLimitNotAvailable) GTEST_SKIP() << "this machine sets no such limit";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace runnel::server
