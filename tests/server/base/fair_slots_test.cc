#include "server/base/fair_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace runnel::server {
namespace {

using Held = std::vector<std::unique_ptr<FairSlots::Slot>>;

// Takes slots for `peer` until one is refused. Returns why.
std::string TakeAll(const std::string& peer, FairSlots* slots, Held* held) {
  while (true) {
    auto slot = slots->Take(peer);
    if (!slot.ok()) {
      EXPECT_TRUE(absl::IsResourceExhausted(slot.status()));
      return std::string(slot.status().message());
    }
    held->push_back(*std::move(slot));
  }
}

TEST(FairSlots, OnePeer_GetsHalf_AndTwoPeersGetAll) {
  FairSlots slots(8, "things are under way");
  Held of_first;
  Held of_second;
  EXPECT_EQ(TakeAll("ipv4:1.2.3.4:5", &slots, &of_first),
            "4 things are under way over this connection already, which is the most that one may "
            "have; try again later");
  EXPECT_EQ(of_first.size(), 4);
  EXPECT_EQ(TakeAll("ipv4:1.2.3.4:6", &slots, &of_second),
            "8 things are under way already; try again later");
  EXPECT_EQ(of_second.size(), 4);
  of_first.clear();
  EXPECT_EQ(slots.taken(), 4);
  TakeAll("ipv4:1.2.3.4:5", &slots, &of_first);
  EXPECT_EQ(of_first.size(), 4);
}

TEST(FairSlots, OnlySlot_IsForAnyPeer) {
  FairSlots slots(1, "thing is under way");
  EXPECT_TRUE(slots.Take("ipv4:1.2.3.4:5").ok());
}

TEST(FairSlots, PeersAtAUnixSocket_HaveNoShare) {
  FairSlots slots(8, "things are under way");
  Held held;
  EXPECT_EQ(TakeAll("unix:", &slots, &held), "8 things are under way already; try again later");
}

TEST(FairSlots, ManyThreads_NeverHaveMoreThanThereAre_AndGiveAllBack) {
  FairSlots slots(2, "things are under way");
  std::atomic<int> refused = 0;
  std::atomic<int> held = 0;
  // So that there is a refusal however the threads take turns.
  auto first = slots.Take("a");
  EXPECT_TRUE(first.ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, peer = std::string(1, static_cast<char>('a' + i % 2))] {
      for (int round = 0; round < 10'000; ++round) {
        const auto slot = slots.Take(peer);
        if (!slot.ok()) {
          ++refused;
          continue;
        }
        EXPECT_LE(++held, 1);  // besides `first`
        --held;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(refused, 20'000);  // both threads of "a" in every round
  first = absl::CancelledError();
  EXPECT_EQ(slots.taken(), 0);
}

}  // namespace
}  // namespace runnel::server
