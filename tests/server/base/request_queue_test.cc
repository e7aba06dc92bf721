#include "server/base/request_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "runnel/v1/generation.pb.h"

namespace runnel::server {
namespace {

v1::SampleRequest RequestOf(size_t chars) {
  v1::SampleRequest request;
  request.set_prompt(std::string(chars, 'a'));
  return request;
}

TEST(RequestQueue, Requests_CountTheirBytesUntilTheirWorkIsDone) {
  MemoryBudget memory(10'000);
  const v1::SampleRequest request = RequestOf(1000);
  std::promise<void> may_end;
  std::promise<void> begun;
  {
    Executor executor(/*threads=*/1, /*queued_max=*/10);
    RequestQueue queue(&executor, &memory);
    ASSERT_TRUE(queue
                    .Submit(request,
                            [&] {
                              begun.set_value();
                              may_end.get_future().wait();
                            })
                    .ok());
    begun.get_future().wait();
    EXPECT_EQ(memory.taken(), static_cast<int64_t>(request.ByteSizeLong()));
    may_end.set_value();
  }
  EXPECT_EQ(memory.taken(), 0);
}

TEST(RequestQueue, RequestThatFindsNoMemory_IsRefused_AndTakenWhenThereIsSome) {
  MemoryBudget memory(10'000);
  Executor executor(/*threads=*/1, /*queued_max=*/10);
  RequestQueue queue(&executor, &memory);
  auto others = memory.Take(9'500, "others").value();
  std::promise<void> ran;
  const auto run = [&ran] { ran.set_value(); };
  EXPECT_TRUE(absl::IsResourceExhausted(queue.Submit(RequestOf(1000), run)));
  others.reset();
  ASSERT_TRUE(queue.Submit(RequestOf(1000), run).ok());
  ran.get_future().wait();
}

TEST(RequestQueue, RefusedTask_GivesItsMemoryBack) {
  MemoryBudget memory(10'000);
  Executor executor(/*threads=*/0, /*queued_max=*/0);
  RequestQueue queue(&executor, &memory);
  EXPECT_TRUE(absl::IsResourceExhausted(queue.Submit(RequestOf(1000), [] {})));
  EXPECT_EQ(memory.taken(), 0);
}

}  // namespace
}  // namespace runnel::server
