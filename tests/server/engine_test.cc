#include "server/engine.h"

#include <gtest/gtest.h>

#include <future>

#include "runnel/v1/generation.pb.h"
#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

TEST(Engine, RequestsThatWait_AreBoundByTheirBytesToo) {
  const testing::TemporaryFolder folder;
  ServerOptions options;
  options.data_dir = folder / "data";
  const auto engine = Engine::Create(options).value();
  v1::SampleRequest request;
  request.set_prompt(std::string(1000, 'a'));
  const int64_t bytes = engine->message_memory.bytes_max();
  EXPECT_GT(bytes, options.max_message_bytes);
  auto others = engine->message_memory.Take(bytes - 500, "others").value();
  std::promise<void> ran;
  const auto run = [&ran] { ran.set_value(); };
  EXPECT_TRUE(absl::IsResourceExhausted(engine->Submit(&engine->requests, request, run)));
  others.reset();
  ASSERT_TRUE(engine->Submit(&engine->requests, request, run).ok());
  ran.get_future().wait();
}

}  // namespace
}  // namespace runnel::server
