#include "server/base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace runnel::server {
namespace {

TEST(Executor, TasksBeyondTheQueue_AreRefusedAndNotRun) {
  std::promise<void> started;
  std::promise<void> blocked;
  std::atomic<int> runs = 0;
  {
    Executor executor(1, 2);
    ASSERT_TRUE(executor
                    .Submit([&, until = blocked.get_future().share()] {
                      started.set_value();
                      until.wait();
                    })
                    .ok());
    started.get_future().wait();  // so that the queue is empty
    EXPECT_TRUE(executor.Submit([&] { ++runs; }).ok());
    EXPECT_TRUE(executor.Submit([&] { ++runs; }).ok());
    const absl::Status refused = executor.Submit([&] { runs += 100; });
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(runs, 0);
    blocked.set_value();
  }  // runs what is queued
  EXPECT_EQ(runs, 2);
}

TEST(Executor, Threads_RunTasksAtTheSameTime) {
  Executor executor(2, 2);
  std::promise<void> first;
  std::promise<void> second;
  std::promise<void> met;
  ASSERT_TRUE(executor
                  .Submit([&] {
                    first.set_value();
                    second.get_future().wait();
                    met.set_value();
                  })
                  .ok());
  ASSERT_TRUE(executor
                  .Submit([&] {
                    first.get_future().wait();
                    second.set_value();
                  })
                  .ok());
  EXPECT_EQ(met.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

TEST(Executor, Task_IsDestroyedOnceItHasRun) {
  Executor executor(1, 2);
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = held;
  std::promise<void> next;
  ASSERT_TRUE(executor.Submit([held = std::move(held)] {}).ok());
  ASSERT_TRUE(executor.Submit([&] { next.set_value(); }).ok());
  next.get_future().wait();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace runnel::server
