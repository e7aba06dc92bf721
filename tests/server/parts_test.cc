#include "server/parts.h"

#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

class ServerPartsTest : public ::testing::Test {
 protected:
  ServerPartsTest() { options_.data_dir = folder_ / "data"; }

  const testing::TemporaryFolder folder_;
  ServerOptions options_;
};

TEST_F(ServerPartsTest, LargestRequest_FitsIntoTheMemoryOfRequests) {
  options_.memory_bytes = int64_t{1} << 30;
  options_.max_message_bytes = 64 << 20;
  const auto parts = ServerParts::Create(options_).value();
  EXPECT_EQ(parts->message_memory.bytes_max(), options_.max_message_bytes + kMessageSlackBytes);
}

TEST_F(ServerPartsTest, Budgets_AreNoMoreThanTheMemory) {
  options_.memory_bytes = int64_t{400} << 20;
  options_.max_message_bytes = 16 << 20;
  const auto parts = ServerParts::Create(options_).value();
  const MemoryShares shares =
      ShareMemory(options_.memory_bytes, options_.max_message_bytes).value();
  EXPECT_EQ(parts->message_memory.bytes_max() + parts->corpus_memory.bytes_max() +
                parts->text_memory.bytes_max() + parts->import_memory.bytes_max() +
                parts->training_bytes_max,
            shares.Sum() - shares.responses - shares.arriving - shares.loaded - shares.patterns);
  options_.max_message_bytes = 64 << 20;
  EXPECT_TRUE(absl::IsInvalidArgument(ServerParts::Create(options_).status()));
}

}  // namespace
}  // namespace runnel::server
