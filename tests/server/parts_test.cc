#include "server/parts.h"

#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

TEST(ServerParts, LargestRequest_FitsIntoTheMemoryOfRequests) {
  const testing::TemporaryFolder folder;
  ServerOptions options;
  options.data_dir = folder / "data";
  options.max_message_bytes = int64_t{1} << 50;  // more than any machine has
  const auto parts = ServerParts::Create(options).value();
  EXPECT_EQ(parts->message_memory.bytes_max(), options.max_message_bytes + kMessageSlackBytes);
}

}  // namespace
}  // namespace runnel::server
