#include "server/memory_shares.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace runnel::server {
namespace {

constexpr int64_t kMegabyte = 1 << 20;
constexpr int64_t kGigabyte = 1 << 30;

TEST(ShareMemory, AllShares_LeaveTheServerItsOwn) {
  for (const int64_t memory : {400 * kMegabyte, kGigabyte, 4 * kGigabyte, 16 * kGigabyte}) {
    const int64_t largest = memory / 14 - kMessageSlackBytes;
    for (const int64_t message : {DefaultMessageBytes(memory), 16 * kMegabyte, largest}) {
      const MemoryShares shares = ShareMemory(memory, message).value();
      const int64_t server = std::min(64 * kMegabyte, memory / 8);
      EXPECT_LE(shares.Sum(), memory - server) << message;
      EXPECT_GT(shares.Sum(), memory - server - 10) << message;
      EXPECT_LT(shares.reading, memory);
      EXPECT_GE(shares.messages, message + kMessageSlackBytes);
      EXPECT_GE(shares.responses, 3 * (message + kMessageSlackBytes));
      EXPECT_GE(shares.arriving, 2 * (message + kMessageSlackBytes));
      EXPECT_GE(shares.training, memory / 7);
    }
  }
}

TEST(ShareMemory, MessagesAreSmallerByDefault_WhereThereIsLittleMemory) {
  EXPECT_EQ(DefaultMessageBytes(16 * kGigabyte), 64 * kMegabyte);
  EXPECT_EQ(DefaultMessageBytes(4 * kGigabyte), 64 * kMegabyte);
  EXPECT_EQ(DefaultMessageBytes(kGigabyte), 16 * kMegabyte);
  EXPECT_NEAR(ShareMemory(16 * kGigabyte, 64 * kMegabyte)->training,
              0.4 * 16 * kGigabyte - 0.4 / 0.91 * 64 * kMegabyte, kMegabyte);
}

TEST(ShareMemory, MessagesThatLeaveTooLittle_AreRefused) {
  EXPECT_EQ(ShareMemory(400 * kMegabyte, 64 * kMegabyte).status(),
            absl::InvalidArgumentError(
                "--max-message-bytes: is 67108864; must be at most 29893778, because this server "
                "may use 419430400 bytes of memory"));
  EXPECT_TRUE(ShareMemory(400 * kMegabyte, 29893778).ok());
}

}  // namespace
}  // namespace runnel::server
