// The memory that versions take while they are read and written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "core/model/model_store.h"
#include "tests/core/model/model_store_fixture.h"
#include "tests/testing/little_memory.h"

namespace runnel {
namespace {

TEST_F(ModelStoreTest, VersionThatMemoryCanNeverHold_IsRefusedUnread) {
  Publish("brook");
  const int64_t bytes = 3 * store_->Get("brook")->versions[0].file_bytes;
  Open({.reading_bytes_max = bytes - 1});
  SpoilWeights("brook", 1);  // reading would find that
  const ModelReference brook = {.name = "brook"};
  for (const absl::Status& status :
       {Load("brook").status(), store_->Find(brook).status(), store_->Read(brook).status()}) {
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_EQ(status.message(), "brook:1 needs " + std::to_string(bytes) +
                                    " bytes of memory while it is read; at most " +
                                    std::to_string(bytes - 1) + " are available on this server");
  }
  EXPECT_EQ(store_->Get("brook")->versions[0].damage, "");
  EXPECT_TRUE(store_->OpenFile(brook).ok());  // an export reads it piece by piece
}

TEST_F(ModelStoreTest, VersionsThatMemoryHoldsOneAtATime_AreAllLoaded) {
  for (int i = 0; i < 4; ++i) Publish("brook");
  const int64_t file_bytes = store_->Get("brook")->versions[0].file_bytes;
  Open({.reading_bytes_max = 4 * file_bytes});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [this, i] { EXPECT_TRUE(Load("brook:" + std::to_string(1 + i % 4)).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ModelStoreTest, ProcessWithoutMemory_RefusesALargeVersionAndServesTheOthers) {
  if (!testing::kMemoryCanBeLimited) GTEST_SKIP() << "a sanitizer needs all addresses";
  ModelData large = SmallModel();
  large.description.network = {
      .cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = 3000};  // 36 MB of weights
  const int characters = large.description.vocabulary.size();
  large.parameters.assign(
      MakeNetwork<float>(large.description.network, characters)->layout().size(), 0.0f);
  ASSERT_TRUE(store_->Publish("large", large).ok());
  Publish("brook");
  constexpr int64_t kMegabyte = 1 << 20;
  const auto refused = [](const absl::Status& status, const std::string& purpose) {
    return absl::IsResourceExhausted(status) &&
           absl::StrContains(status.message(), "there is not enough memory for " + purpose);
  };
  const auto work = [&] {
    return refused(Load("large").status(), "large:1 ") &&
           refused(store_->Read({.name = "large"}).status(), "large ") &&
           refused(store_->Publish("large", large).status(), "the model's file ") &&
           refused(Load("large").status(), "large:1 ") && Load("brook").ok();
  };
  EXPECT_EQ(testing::RunWithLittleMemory(12 * kMegabyte, work), 0);
  EXPECT_TRUE(Load("large").ok());
}

}  // namespace
}  // namespace runnel
