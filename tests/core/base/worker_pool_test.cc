#include "core/base/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/without_threads.h"

namespace runnel {
namespace {

TEST(WorkerPool, Run_DoesEachTaskOnceInEveryOfManyCalls) {
  for (const int threads : {1, 2, 3, 8}) {
    WorkerPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    std::vector<std::atomic<int>> done(50);
    for (int call = 0; call < 2000; ++call) {
      const int count = call % 50;
      for (auto& times : done) times = 0;
      pool.Run(count, [&](int i) { ++done[i]; });
      for (int i = 0; i < 50; ++i) ASSERT_EQ(done[i], i < count ? 1 : 0) << "call " << call;
    }
  }
}

TEST(WorkerPool, Run_ReturnsOnlyWhenAllTasksAreDone) {
  // Plain ints, written by whichever thread takes the task and read by the caller without a lock.
  WorkerPool pool(4);
  std::vector<int> values(64);
  for (int call = 1; call <= 1000; ++call) {
    pool.Run(64, [&](int i) { values[i] = call * i; });
    for (int i = 0; i < 64; ++i) ASSERT_EQ(values[i], call * i);
  }
}

TEST(WorkerPool, ThrowingTask_ThrowsInTheCaller_AndThePoolStillWorks) {
  for (const int threads : {1, 2, 4}) {
    WorkerPool pool(threads);
    for (int thrower = 0; thrower < 20; ++thrower) {
      std::atomic<int> done = 0;
      const auto task = [&](int i) {
        if (i == thrower) throw std::bad_alloc();
        ++done;
      };
      EXPECT_THROW(pool.Run(20, task), std::bad_alloc);
      done = 0;
      pool.Run(thrower, task);
      EXPECT_EQ(done, thrower);
    }
  }
}

TEST(WorkerPool, PoolOfOne_WorksInOrderOnTheCallersThread) {
  WorkerPool pool(1);
  const std::thread::id caller = std::this_thread::get_id();
  std::vector<int> order;
  pool.Run(5, [&](int i) {
    EXPECT_EQ(std::this_thread::get_id(), caller) << i;
    order.push_back(i);
  });
  EXPECT_THAT(order, ::testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(WorkerPool, TasksOfOneCall_RunAtTheSameTime) {
  WorkerPool pool(3);
  std::atomic<int> arrived = 0;
  std::atomic<int> met = 0;
  pool.Run(3, [&](int) {
    ++arrived;
    // Bounded, so that a pool that works one by one fails instead of hanging.
    for (int64_t look = 0; arrived < 3 && look < 100'000'000; ++look) std::this_thread::yield();
    met += arrived == 3;
  });
  EXPECT_EQ(met, 3);
}

TEST(WorkerPool, Create_WhereTheSystemRefusesThreads_SaysWhy) {
  const int result = testing::RunWithoutThreads([] {
    const auto pool = WorkerPool::Create(3);
    const bool refused = absl::IsResourceExhausted(pool.status()) &&
                         pool.status().message().find("another thread") != std::string::npos;
    return refused ? 0 : 1;
  });
  if (result == testing::kLimitNotAvailable) GTEST_SKIP() << "the limit of processes cannot be set";
  EXPECT_EQ(result, 0);
}

TEST(WorkerPool, WhereTheSystemRefusesThreads_WorksWithTheCallersOnly) {
  const int result = testing::RunWithoutThreads([] {
    WorkerPool pool(3);
    int sum = 0;
    pool.Run(10, [&](int i) { sum += i; });
    return pool.threads() == 1 && sum == 45 ? 0 : 1;
  });
  if (result == testing::kLimitNotAvailable) GTEST_SKIP() << "the limit of processes cannot be set";
  EXPECT_EQ(result, 0);
}

TEST(WorkerPool, CountZero_RunsNothing) {
  for (const int threads : {1, 3}) {
    WorkerPool pool(threads);
    pool.Run(0, [](int) { FAIL() << "there is no task"; });
  }
}

TEST(WorkerPool, UnusedAndJustUsedPools_EndCleanly) {
  for (int i = 0; i < 200; ++i) {
    std::atomic<int> done = 0;
    {
      WorkerPool pool(4);
      if (i % 2 == 0) pool.Run(3, [&](int) { ++done; });
    }
    EXPECT_EQ(done, i % 2 == 0 ? 3 : 0);
  }
}

}  // namespace
}  // namespace runnel
