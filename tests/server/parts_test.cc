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

TEST_F(ServerPartsTest, EachBudget_IsItsShare) {
  options_.memory_bytes = int64_t{400} << 20;
  options_.max_message_bytes = 16 << 20;
  const auto parts = ServerParts::Create(options_).value();
  const MemoryShares shares =
      ShareMemory(options_.memory_bytes, options_.max_message_bytes).value();
  EXPECT_EQ(parts->message_memory.bytes_max(), shares.messages);
  EXPECT_EQ(parts->corpus_memory.bytes_max(), shares.corpora);
  EXPECT_EQ(parts->text_memory.bytes_max(), shares.texts);
  EXPECT_EQ(parts->import_memory.bytes_max(), shares.imports);
  EXPECT_EQ(parts->training_bytes_max, shares.training);
  EXPECT_EQ(parts->arriving_bytes_max, shares.arriving);
  EXPECT_EQ(parts->guard.limits().response_bytes_max, shares.responses);
  options_.max_message_bytes = 64 << 20;
  EXPECT_TRUE(absl::IsInvalidArgument(ServerParts::Create(options_).status()));
}

}  // namespace
}  // namespace runnel::server
