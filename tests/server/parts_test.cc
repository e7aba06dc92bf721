#include "server/parts.h"

#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

TEST(ServerParts, LargestRequest_FitsIntoTheMemoryOfRequests) {
  const testing::TemporaryFolder folder;
  ServerOptions options;
  options.data_dir = folder / "data";
  options.memory_bytes = int64_t{1} << 30;
  options.max_message_bytes = 64 << 20;
  const auto parts = ServerParts::Create(options).value();
  EXPECT_EQ(parts->message_memory.bytes_max(), options.max_message_bytes + kMessageSlackBytes);
}

TEST(ServerParts, Budgets_AreNoMoreThanTheMemory) {
  const testing::TemporaryFolder folder;
  ServerOptions options;
  options.data_dir = folder / "data";
  options.memory_bytes = int64_t{400} << 20;
  options.max_message_bytes = 16 << 20;
  const auto parts = ServerParts::Create(options).value();
  const MemoryShares shares = ShareMemory(options.memory_bytes, options.max_message_bytes).value();
  EXPECT_EQ(parts->message_memory.bytes_max() + parts->corpus_memory.bytes_max() +
                parts->text_memory.bytes_max() + parts->import_memory.bytes_max() +
                parts->training_bytes_max,
            shares.Sum() - shares.responses - shares.arriving - shares.loaded - shares.patterns);
  options.max_message_bytes = 64 << 20;
  EXPECT_TRUE(absl::IsInvalidArgument(ServerParts::Create(options).status()));
}

}  // namespace
}  // namespace runnel::server
