#include "server/base/memory_budget.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace runnel::server {
namespace {

TEST(MemoryBudget, BeyondTheBytes_ClaimsAreRefusedWithTheNumbers) {
  MemoryBudget budget(100);
  auto claim = budget.Take(70, "the request");
  ASSERT_TRUE(claim.ok());
  const auto refused = budget.Take(31, "the answer");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.status().message(), "the answer needs 31 bytes of memory; 30 of 100 are free");
  EXPECT_EQ(budget.taken(), 70);
  EXPECT_TRUE(budget.Take(30, "the answer").ok());
  claim->reset();
  EXPECT_EQ(budget.taken(), 0);
  EXPECT_TRUE(budget.Take(100, "the answer").ok());
}

TEST(MemoryBudget, LargestNumber_DoesNotOverflow) {
  MemoryBudget budget(100);
  const auto claim = budget.Take(1, "the request");
  EXPECT_FALSE(budget.Take(INT64_MAX, "the request").ok());
  EXPECT_EQ(budget.taken(), 1);
}

TEST(MemoryBudget, ManyThreads_GiveEverythingBack) {
  MemoryBudget budget(10);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10'000; ++round) {
        const auto claim = budget.Take(3, "the request");
        EXPECT_LE(budget.taken(), 9);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.taken(), 0);
}

}  // namespace
}  // namespace runnel::server
