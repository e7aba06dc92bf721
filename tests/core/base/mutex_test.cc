#include "core/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace runnel {
namespace {

TEST(Mutex, OnlyOneThreadHoldsIt) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  Mutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const MutexLock lock(&mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST(Mutex, ALockEndsWithItsScopeAndCanBeInterrupted) {
  Mutex mutex;
  // A thread may not try a mutex that it holds itself.
  const auto is_free = [&mutex] {
    bool free = false;
    std::thread([&] {
      if (!mutex.TryLock()) return;
      mutex.Unlock();
      free = true;
    }).join();
    return free;
  };
  {
    MutexLock lock(&mutex);
    EXPECT_FALSE(is_free());
    lock.Unlock();
    EXPECT_TRUE(is_free());
    lock.Lock();
    EXPECT_FALSE(is_free());
    lock.Unlock();
  }
  EXPECT_TRUE(is_free());
  {
    const MutexLock lock(&mutex);
    EXPECT_FALSE(is_free());
  }
  EXPECT_TRUE(is_free());
}

TEST(Mutex, AWaitLetsOthersInAndReturnsWithTheMutexHeld) {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  bool seen = false;
  std::thread waiter([&] {
    const MutexLock lock(&mutex);
    while (!ready) changed.Wait(&mutex);
    seen = true;
    changed.NotifyOne();
  });
  MutexLock lock(&mutex);
  ready = true;
  changed.NotifyAll();
  while (!seen) changed.Wait(&mutex);
  lock.Unlock();
  waiter.join();
}

TEST(Mutex, AWaitThatNobodyEndsReachesItsEnd) {
  Mutex mutex;
  CondVar changed;
  const MutexLock lock(&mutex);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
  while (changed.WaitUntil(&mutex, end)) {
  }
  EXPECT_GE(std::chrono::steady_clock::now(), end);
}

}  // namespace
}  // namespace runnel
