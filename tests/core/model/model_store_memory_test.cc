// The memory that versions take while they are read and written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "core/model/model_store.h"
#include "core/text/corpus.h"
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

// Reads brook while river is asked for, and returns whether river was loaded before brook was done.
bool LoadsAtOnce(ModelStore* store, std::function<void()>* during, std::chrono::seconds wait) {
  std::future<bool> river;
  bool at_once = false;
  *during = [&] {
    river = std::async(std::launch::async, [store] { return store->Load({.name = "river"}).ok(); });
    at_once = river.wait_for(wait) == std::future_status::ready;
  };
  EXPECT_TRUE(absl::IsDataLoss(store->Load({.name = "brook"}).status()));
  EXPECT_TRUE(river.get());
  return at_once;
}

TEST_F(ModelStoreTest, VersionTooLargeNextToOneThatIsLoaded_WaitsForIt) {
  Publish("brook");
  Publish("river");
  const int64_t file_bytes = store_->Get("brook")->versions[0].file_bytes;
  SpoilWeights("brook", 1);
  // The damage is reported while the version still counts as being read.
  std::function<void()> during;
  const auto report = [&](const std::string&) { during(); };
  Open({.reading_bytes_max = 4 * file_bytes, .report = report});
  EXPECT_FALSE(LoadsAtOnce(store_.get(), &during, std::chrono::seconds(1)));
  Open({.reading_bytes_max = 8 * file_bytes, .report = report});
  EXPECT_TRUE(LoadsAtOnce(store_.get(), &during, std::chrono::seconds(60)));
}

// With an embedding, what a decoder keeps for each character is not in the file.
TEST_F(ModelStoreTest, MemoryOfADecoder_IsCounted) {
  ModelData model = SmallModel();
  model.description.network = {
      .cell = CellType::kLstm, .num_layers = 1, .hidden_size = 8, .embedding_size = 2};
  const std::string text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  model.description.vocabulary =
      Corpus::Load(StringSource(text), VocabularyKind::kCodePoints)->vocabulary();
  const int characters = model.description.vocabulary.size();
  const auto layout = MakeNetwork<float>(model.description.network, characters)->layout();
  model.parameters.assign(layout.size(), 0.0f);
  ASSERT_TRUE(store_->Publish("brook", model).ok());
  const int64_t file_bytes = store_->Get("brook")->versions[0].file_bytes;
  const int64_t lookup = int64_t{characters} * 4 * 8 * 4;  // 4 gates of 8 units, 4 bytes each
  ASSERT_GT(lookup, file_bytes);
  Open({.reading_bytes_max = 2 * file_bytes + lookup - 1});
  EXPECT_TRUE(absl::IsResourceExhausted(Load("brook").status()));
  Open({.reading_bytes_max = 2 * file_bytes + lookup});
  EXPECT_TRUE(Load("brook").ok());
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
