#include "server/base/slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace runnel::server {
namespace {

TEST(Slots, BeyondTheCount_AreRefusedWithTheReason) {
  Slots slots(2, "2 things are under way already");
  const auto first = slots.Take();
  auto second = slots.Take();
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok());
  const auto third = slots.Take();
  EXPECT_EQ(third.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(third.status().message(), "2 things are under way already; try again later");
  EXPECT_EQ(slots.taken(), 2);
  second->reset();
  EXPECT_TRUE(slots.Take().ok());
}

TEST(Slots, ThatDoNotAllFit_AreNotTakenInPart) {
  Slots slots(3, "3 things are under way already");
  const auto two = slots.Take(2);
  EXPECT_FALSE(slots.Take(2).ok());
  EXPECT_EQ(slots.taken(), 2);
  EXPECT_TRUE(slots.Take(1).ok());
}

TEST(Slots, ManyThreads_NeverHoldMoreThanThereAre) {
  constexpr int kCount = 3;
  Slots slots(kCount, "3 things are under way already");
  std::atomic<int> held = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10'000; ++round) {
        const auto slot = slots.Take();
        if (!slot.ok()) continue;
        EXPECT_LE(++held, kCount);
        --held;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(slots.taken(), 0);
}

}  // namespace
}  // namespace runnel::server
