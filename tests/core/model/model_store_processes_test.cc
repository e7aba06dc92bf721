// Several stores in one folder, as of several processes: a server's, and those of trainers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/model/model_store.h"
#include "tests/core/model/model_store_fixture.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;

class ModelStoreProcessesTest : public ModelStoreTest {
 protected:
  std::unique_ptr<ModelStore> OpenAnother() { return ModelStore::Open(Path("models"), {}).value(); }
};

TEST_F(ModelStoreProcessesTest, VersionOfAnother_IsFound) {
  Publish("brook");
  const auto other = OpenAnother();
  EXPECT_EQ(other->Publish("brook", SmallModel(2)).value().version, 2);
  EXPECT_EQ(other->Publish("river", SmallModel(3)).value().version, 1);
  EXPECT_THAT(Versions("brook"), ElementsAre(1));
  ASSERT_TRUE(store_->Refresh().ok());
  EXPECT_THAT(Versions("brook"), ElementsAre(2, 1));
  EXPECT_EQ(LogitsOf(*Load("brook").value()), LogitsOf(SmallModel(2)));
  EXPECT_EQ(LogitsOf(*Load("river").value()), LogitsOf(SmallModel(3)));
}

TEST_F(ModelStoreProcessesTest, NumberOfAnother_IsNotGivenAgain) {
  const auto other = OpenAnother();
  EXPECT_EQ(other->Publish("brook", SmallModel()).value().version, 1);
  EXPECT_EQ(Publish("brook"), 2);
  EXPECT_EQ(other->Publish("brook", SmallModel()).value().version, 3);
  ASSERT_TRUE(other->Delete({.name = "brook", .version = 3}).ok());
  EXPECT_EQ(Publish("brook"), 4);
}

TEST_F(ModelStoreProcessesTest, AllAtOnce_GiveEachNumberOnce) {
  constexpr int kStores = 4;
  constexpr int kEach = 10;
  std::vector<std::vector<int>> versions(kStores);
  std::vector<std::thread> threads;
  for (int i = 0; i < kStores; ++i) {
    threads.emplace_back([&, i] {
      const auto store = OpenAnother();
      for (int n = 0; n < kEach; ++n) {
        const auto published = store->Publish("brook", SmallModel());
        ASSERT_TRUE(published.ok()) << published.status();
        versions[i].push_back(published->version);
        // Its folder goes with its last version, if nobody else has published meanwhile.
        if (n % 2 == 0) {
          EXPECT_TRUE(store->Delete({.name = "brook", .version = published->version}).ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<int> all;
  for (const auto& of_one : versions) all.insert(of_one.begin(), of_one.end());
  EXPECT_EQ(all.size(), size_t{kStores} * kEach);
  ASSERT_TRUE(store_->Refresh().ok());
  EXPECT_EQ(Versions("brook").size(), size_t{kStores} * kEach / 2);
}

TEST_F(ModelStoreProcessesTest, FileThatIsBeingWritten_IsNotTakenForALeftOver) {
  Publish("brook");
  const std::string unfinished = Path("models/brook/new.abcdef.tmp");
  WriteFile(unfinished, "a part");
  {
    const auto writer = VersionNumbers(Path("models/.numbers")).LockAsWriter();
    ASSERT_TRUE(writer.ok());
    OpenAnother();
    EXPECT_TRUE(std::filesystem::exists(unfinished));
  }
  OpenAnother();
  EXPECT_FALSE(std::filesystem::exists(unfinished));
}

TEST_F(ModelStoreProcessesTest, Refresh_KeepsWhatItKnows) {
  Publish("brook");
  Publish("brook");
  SpoilWeights("brook", 2);
  EXPECT_TRUE(absl::IsDataLoss(Load("brook:2").status()));
  ASSERT_TRUE(store_->Refresh().ok());
  EXPECT_NE(store_->Get("brook")->versions[0].damage, "");
  EXPECT_TRUE(Load("brook").ok());
  std::filesystem::remove_all(Path("models"));
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Refresh()));
}

TEST_F(ModelStoreProcessesTest, DamagedVersionOfAnother_IsToldAndAnOlderServed) {
  Publish("brook");
  OpenAndListen();
  const auto other = OpenAnother();
  ASSERT_TRUE(other->Publish("brook", SmallModel()).ok());
  CutFile("brook", 2);
  ASSERT_TRUE(store_->Refresh().ok());
  EXPECT_NE(store_->Get("brook")->versions[0].damage, "");
  EXPECT_EQ(reports_.size(), 1u);
  EXPECT_TRUE(Load("brook").ok());
}

}  // namespace
}  // namespace runnel
