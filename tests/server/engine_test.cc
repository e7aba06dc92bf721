#include "server/engine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "core/nn/network.h"
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

// A model of one layer of `hidden` units over two characters.
ModelData ZeroModel(int hidden) {
  ModelData model;
  model.description.network = {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = hidden};
  model.description.vocabulary = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  model.parameters.resize(MakeNetwork<float>(model.description.network, 2)->layout().size());
  model.description.parameter_count = static_cast<int64_t>(model.parameters.size());
  return model;
}

TEST(Engine, RequestsForLoadedModels_DoNotWaitForThoseThatMustBeRead) {
  const testing::TemporaryFolder folder;
  ServerOptions options;
  options.data_dir = folder / "data";
  const auto engine = Engine::Create(options).value();
  for (const char* name : {"loaded", "unloaded"}) {
    ASSERT_TRUE(engine->models->Publish(name, ZeroModel(2)).ok());
  }
  const auto loaded = engine->models->Load({.name = "loaded"}).value();
  // Reading takes as long as this promise is not kept.
  std::promise<void> disk;
  const std::shared_future<void> disk_is_ready = disk.get_future().share();
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(engine->model_loads.Submit([disk_is_ready] { disk_is_ready.wait(); }).ok());
  }
  const auto version_found = [&engine](const std::string& name, std::promise<int>* version) {
    const auto task = [&engine, name, version] {
      const auto found = engine->models->Find({.name = name});
      version->set_value(found.ok() && *found != nullptr ? (*found)->version : 0);
    };
    const v1::SampleRequest request;
    EXPECT_TRUE(engine->SubmitForModel(name, request, task).ok());
    return version->get_future();
  };
  std::promise<int> promises[12];
  std::vector<std::future<int>> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(version_found("unloaded", &promises[i]));
  EXPECT_EQ(version_found("loaded", &promises[10]).get(), 1);
  EXPECT_EQ(version_found("missing", &promises[11]).get(), 0);
  for (auto& each : waiting) {
    EXPECT_EQ(each.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  disk.set_value();
  for (auto& each : waiting) EXPECT_EQ(each.get(), 1);
}

}  // namespace
}  // namespace runnel::server
