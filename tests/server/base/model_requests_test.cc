#include "server/base/model_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/nn/network.h"
#include "runnel/v1/generation.pb.h"
#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;

// A model of one layer of `hidden` units over two characters.
ModelData ZeroModel(int hidden) {
  ModelData model;
  model.description.network = {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = hidden};
  model.description.vocabulary = Vocabulary::FromCodePoints({U'a', U'b'}).value();
  model.parameters.resize(MakeNetwork<float>(model.description.network, 2)->layout().size());
  model.description.parameter_count = static_cast<int64_t>(model.parameters.size());
  return model;
}

class ModelRequestsTest : public ::testing::Test {
 protected:
  void Publish(const std::string& name) { ASSERT_TRUE(models_->Publish(name, ZeroModel(2)).ok()); }
  // The result that the task of a request for `reference` gets.
  std::future<FoundModel> Found(const std::string& reference) {
    const auto promise = std::make_shared<std::promise<FoundModel>>();
    const absl::Status status =
        model_requests_.Submit(reference, v1::SampleRequest(),
                               [promise](const FoundModel& found) { promise->set_value(found); });
    EXPECT_TRUE(status.ok()) << status;
    return promise->get_future();
  }

  const testing::TemporaryFolder folder_;
  const std::unique_ptr<ModelStore> models_ =
      ModelStore::Open(folder_ / "models",
                       {.precision = DecodePrecision::kF32, .loaded_bytes_max = 1 << 20})
          .value();
  MemoryBudget memory_{1 << 20};
  Executor requests_{/*threads=*/1, /*queued_max=*/100};
  Executor loads_{/*threads=*/1, /*queued_max=*/100};
  ModelRequests model_requests_{models_.get(), &memory_, &requests_, &loads_};
};

TEST_F(ModelRequestsTest, RequestsForLoadedModels_DoNotWaitForThoseThatMustBeRead) {
  Publish("loaded");
  Publish("unloaded");
  const auto loaded = models_->Load({.name = "loaded"}).value();
  // Reading takes as long as this promise is not kept.
  std::promise<void> disk;
  const std::shared_future<void> disk_is_ready = disk.get_future().share();
  ASSERT_TRUE(loads_.Submit([disk_is_ready] { disk_is_ready.wait(); }).ok());
  std::vector<std::future<FoundModel>> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(Found("unloaded"));
  EXPECT_EQ(Found("loaded").get().value(), loaded);
  EXPECT_TRUE(absl::IsNotFound(Found("missing").get().status()));
  for (auto& each : waiting) {
    EXPECT_EQ(each.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  disk.set_value();
  for (auto& each : waiting) EXPECT_EQ(each.get().value()->name, "unloaded");
}

TEST_F(ModelRequestsTest, ModelThatCannotBeRead_GivesTheTaskTheReason) {
  Publish("m");
  std::filesystem::remove(folder_ / "models/m/1.safetensors");
  const FoundModel found = Found("m").get();
  EXPECT_TRUE(absl::IsDataLoss(found.status())) << found.status();
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("its file was removed"));
}

TEST_F(ModelRequestsTest, MalformedReference_IsAViolationNextToThoseOfTheOtherFields) {
  const FoundModel found = Found("no name").get();
  EXPECT_TRUE(absl::IsInvalidArgument(found.status()));
  Violations violations;
  violations.Add("text", "is empty");
  const absl::Status status = UnlessInvalid(found, std::move(violations)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("text: is empty; model: "));
}

TEST_F(ModelRequestsTest, ViolationsOfARequest_ComeBeforeTheErrorOfItsModel) {
  const FoundModel found = Found("missing").get();
  Violations violations;
  violations.Add("text", "is empty");
  EXPECT_EQ(UnlessInvalid(found, std::move(violations)).status().message(), "text: is empty");
  EXPECT_TRUE(absl::IsNotFound(UnlessInvalid(found, Violations()).status()));
}

TEST_F(ModelRequestsTest, FullRequests_AnswerTheTaskThatWasLoading) {
  Publish("m");
  Executor full(/*threads=*/0, /*queued_max=*/0);
  ModelRequests model_requests(models_.get(), &memory_, &full, &loads_);
  std::promise<FoundModel> promise;
  ASSERT_TRUE(model_requests
                  .Submit("m", v1::SampleRequest(),
                          [&promise](const FoundModel& found) { promise.set_value(found); })
                  .ok());
  EXPECT_TRUE(absl::IsResourceExhausted(promise.get_future().get().status()));
}

}  // namespace
}  // namespace runnel::server
