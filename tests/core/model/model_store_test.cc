#include "core/model/model_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/disk.h"
#include "tests/core/model/model_store_fixture.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ModelStoreTest, Publish_NumbersVersionsOfEachNameFromOne) {
  EXPECT_EQ(Publish("brook"), 1);
  EXPECT_EQ(Publish("brook"), 2);
  EXPECT_EQ(Publish("river"), 1);
  EXPECT_EQ(Publish("brook"), 3);
  EXPECT_THAT(Names(Path("models/brook")),
              ElementsAre("1.safetensors", "2.safetensors", "3.safetensors"));
  EXPECT_TRUE(DecodeModel(ReadFile(VersionPath("brook", 2))).ok());
}

TEST_F(ModelStoreTest, List_IsByNameWithVersionsNewestFirst) {
  EXPECT_THAT(store_->List(), IsEmpty());
  Publish("river");
  for (int i = 0; i < 11; ++i) Publish("brook");
  for (int opening = 0; opening < 2; ++opening) {
    const auto list = store_->List();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0]->name, "brook");
    EXPECT_EQ(list[1]->name, "river");
    EXPECT_THAT(Versions("brook"), ElementsAre(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
    const VersionInfo& version = list[1]->versions[0];
    EXPECT_EQ(version.damage, "");
    EXPECT_EQ(version.file_bytes,
              static_cast<int64_t>(std::filesystem::file_size(VersionPath("river", 1))));
    ASSERT_NE(version.description, nullptr);
    EXPECT_EQ(version.description->chars_trained, 123456789012);
    EXPECT_EQ(version.description->parameter_count, SmallModel().description.parameter_count);
    EXPECT_EQ(version.description->vocabulary, SmallModel().description.vocabulary);
    // Vocabularies may be large: they are shared, not copied.
    EXPECT_EQ(store_->Get("river")->versions[0].description, version.description);
    const auto described = store_->Describe(ParseModelReference("river").value());
    EXPECT_EQ(described->description, version.description);
    Open();
  }
}

TEST_F(ModelStoreTest, Load_PacksWeightsAtTheStoresPrecisionAndReadDoesNot) {
  Publish("brook");
  const auto exact = Load("brook").value();
  EXPECT_EQ(exact->decoder->precision(), DecodePrecision::kF32);
  for (const DecodePrecision precision : {DecodePrecision::kBf16, DecodePrecision::kInt8}) {
    Open({.precision = precision});
    const auto loaded = Load("brook").value();
    EXPECT_EQ(loaded->decoder->precision(), precision);
    EXPECT_EQ(loaded->digest, exact->digest);
    EXPECT_EQ(store_->Read(ParseModelReference("brook").value())->data.parameters,
              SmallModel().parameters);
  }
  EXPECT_NE(LogitsOf(*Load("brook").value()), LogitsOf(*exact));
}

TEST_F(ModelStoreTest, Load_OfABareNameIsTheNewestAndOfANumberThatOne) {
  for (const float scale : {1.0f, 2.0f, 3.0f}) Publish("brook", scale);
  for (int opening = 0; opening < 2; ++opening) {
    const auto newest = Load("brook").value();
    EXPECT_EQ(newest->name, "brook");
    EXPECT_EQ(newest->version, 3);
    EXPECT_EQ(LogitsOf(*newest), LogitsOf(SmallModel(3)));
    const auto second = Load("brook:2").value();
    EXPECT_EQ(second->version, 2);
    EXPECT_EQ(LogitsOf(*second), LogitsOf(SmallModel(2)));
    Open();
  }
}

TEST_F(ModelStoreTest, Load_AgainIsTheSameModelInMemory) {
  Publish("brook");
  const auto first = Load("brook").value();
  EXPECT_EQ(Load("brook").value(), first);
  EXPECT_EQ(Load("brook:1").value(), first);
  std::filesystem::remove(VersionPath("brook", 1));
  EXPECT_EQ(Load("brook:1").value(), first);  // not read again
}

TEST_F(ModelStoreTest, LoadedVersions_AreThoseUsedLastThatFitIntoTheBytes) {
  for (int i = 0; i < 4; ++i) Publish("brook");
  const int64_t bytes = Load("brook").value()->bytes();
  Open({.loaded_bytes_max = 3 * bytes});
  const std::weak_ptr<const LoadedModel> first = Load("brook:1").value();
  const std::weak_ptr<const LoadedModel> second = Load("brook:2").value();
  ASSERT_TRUE(Load("brook:3").ok());
  ASSERT_TRUE(Load("brook:1").ok());  // so that the second is the one unused longest
  ASSERT_FALSE(second.expired());
  ASSERT_TRUE(Load("brook:4").ok());
  EXPECT_FALSE(first.expired());
  EXPECT_TRUE(second.expired());
  EXPECT_TRUE(Load("brook:2").ok());
}

TEST_F(ModelStoreTest, VersionLargerThanTheBytes_StaysUntilTheNext) {
  Publish("brook");
  Publish("brook");
  Open({.loaded_bytes_max = 1});
  const std::weak_ptr<const LoadedModel> first = Load("brook:1").value();
  EXPECT_EQ(Load("brook:1").value(), first.lock());
  ASSERT_TRUE(Load("brook:2").ok());
  EXPECT_TRUE(first.expired());
}

TEST_F(ModelStoreTest, VersionInUse_IsNeverLoadedASecondTime) {
  Publish("brook");
  Publish("brook");
  Publish("brook");
  const int64_t bytes = Load("brook").value()->bytes();
  Open({.loaded_bytes_max = bytes + 1});
  const auto held = Load("brook:1").value();
  ASSERT_TRUE(Load("brook:2").ok());  // beyond the bound, since the first is held
  ASSERT_TRUE(Load("brook:3").ok());
  EXPECT_EQ(Load("brook:1").value(), held);
}

TEST_F(ModelStoreTest, VersionsInUse_FillTheBytesUntilTheyAreLetGo) {
  for (int i = 0; i < 3; ++i) Publish("brook");
  const int64_t bytes = Load("brook").value()->bytes();
  Open({.loaded_bytes_max = 2 * bytes});
  auto first = Load("brook:1").value();
  const auto second = Load("brook:2").value();
  ASSERT_TRUE(Delete("brook:1").ok());  // its memory is still taken
  const absl::Status status = Load("brook:3").status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(2 * bytes)));
  EXPECT_TRUE(Load("brook:2").ok());
  first.reset();
  EXPECT_TRUE(Load("brook:3").ok());
}

TEST_F(ModelStoreTest, LoadsOfAVersionAtATime_GiveOneModel) {
  ModelData model = SmallModel();
  model.description.network.hidden_size = 512;  // takes a while to read
  model.parameters.resize(
      MakeNetwork<float>(model.description.network, model.description.vocabulary.size())
          ->layout()
          .size());
  ASSERT_TRUE(store_->Publish("brook", model).ok());
  std::vector<std::shared_ptr<const LoadedModel>> loaded(8);
  std::vector<std::thread> threads;
  for (auto& each : loaded) threads.emplace_back([&] { each = Load("brook").value(); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& each : loaded) EXPECT_EQ(each, loaded[0]);
}

TEST_F(ModelStoreTest, UnknownModels_AreNotFoundNamingWhatThereIs) {
  EXPECT_EQ(Load("brook").status(),
            absl::NotFoundError("there is no model brook; none has been trained yet"));
  Publish("brook");
  Publish("brook");
  Publish("river");
  EXPECT_EQ(Load("lake:1").status(),
            absl::NotFoundError("there is no model lake; there are brook, river"));
  EXPECT_EQ(store_->Get("lake").status(), Load("lake").status());
  EXPECT_EQ(Load("brook:3").status(),
            absl::NotFoundError("there is no brook:3; brook has versions 1, 2"));
  EXPECT_EQ(Load("brook:stable").status(),
            absl::NotFoundError("there is no brook:stable; brook has versions 1, 2"));
  EXPECT_TRUE(absl::IsNotFound(Delete("brook:3")));
  EXPECT_TRUE(absl::IsNotFound(Delete("lake")));
  EXPECT_TRUE(absl::IsNotFound(Delete("brook:stable")));
  for (int i = 0; i < 10; ++i) Publish("a" + std::to_string(i));
  EXPECT_THAT(std::string(Load("lake").status().message()),
              testing::EndsWith("there are a0, a1, a2, a3, a4, a5, a6, a7, a8, a9 and more"));
}

TEST_F(ModelStoreTest, DeletedVersion_IsGoneAndItsHolderKeepsIt) {
  Publish("brook", 1);
  Publish("brook", 2);
  const auto held = Load("brook:1").value();
  ASSERT_TRUE(Delete("brook:1").ok());
  EXPECT_EQ(LogitsOf(*held), LogitsOf(SmallModel(1)));
  EXPECT_TRUE(absl::IsNotFound(Load("brook:1").status()));
  EXPECT_TRUE(absl::IsNotFound(Delete("brook:1")));
  EXPECT_THAT(Versions("brook"), ElementsAre(2));
  EXPECT_THAT(Names(Path("models/brook")), ElementsAre("2.safetensors"));
  EXPECT_TRUE(Load("brook:2").ok());
}

// A large file takes a file system a while to delete.
TEST_F(ModelStoreTest, Delete_KeepsNobodyWaitingWhileAFileIsDeleted) {
  std::promise<void> began;
  std::promise<void> may_end;
  const std::shared_future<void> end = may_end.get_future().share();
  struct SlowUnlink : disk::Observer {
    int Before(disk::Change* change) override {
      if (change->kind == disk::Change::Kind::kUnlink) unlink();
      return 0;
    }
    std::function<void()> unlink;
  };
  Open();
  Publish("brook");
  Publish("river");
  SlowUnlink slow_unlink;
  slow_unlink.unlink = [&] {
    began.set_value();
    // Without the promise's end, others wait for it and the test fails.
    EXPECT_EQ(end.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  };
  disk::Observe(&slow_unlink);
  std::thread deletion([&] { EXPECT_TRUE(Delete("brook").ok()); });
  began.get_future().wait();
  EXPECT_TRUE(Load("river").ok());
  EXPECT_NE(store_->Find({.name = "river"}).value(), nullptr);
  EXPECT_EQ(store_->List().size(), 1u);
  may_end.set_value();
  deletion.join();
  disk::Observe(nullptr);
  EXPECT_THAT(Names(Path("models")), ElementsAre(".numbers", "river"));
}

TEST_F(ModelStoreTest, DeletedModel_IsGoneWithItsFolder) {
  Publish("brook", 1);
  Publish("brook", 2);
  Publish("river");
  const auto held = Load("brook").value();
  ASSERT_TRUE(Delete("brook").ok());
  EXPECT_EQ(LogitsOf(*held), LogitsOf(SmallModel(2)));
  EXPECT_TRUE(absl::IsNotFound(store_->Get("brook").status()));
  EXPECT_TRUE(absl::IsNotFound(Load("brook").status()));
  EXPECT_EQ(store_->List().size(), 1u);
  EXPECT_THAT(Names(Path("models")), ElementsAre(".numbers", "river"));
}

TEST_F(ModelStoreTest, NumbersOfDeletedVersions_AreNotUsedAgain) {
  Publish("brook");
  Publish("brook");
  ASSERT_TRUE(Delete("brook:2").ok());
  EXPECT_EQ(Publish("brook"), 3);
  ASSERT_TRUE(Delete("brook").ok());
  EXPECT_EQ(Publish("brook"), 4);
  EXPECT_THAT(Versions("brook"), ElementsAre(4));
  Open();
  EXPECT_EQ(Publish("brook"), 5);
  ASSERT_TRUE(Delete("brook:5").ok());
  Open();
  EXPECT_EQ(Publish("brook"), 6);
  ASSERT_TRUE(Delete("brook").ok());
  Open();
  EXPECT_THAT(store_->List(), IsEmpty());
  EXPECT_EQ(Publish("brook"), 7);
  EXPECT_EQ(Publish("river"), 1);
  EXPECT_THAT(Names(Path("models/.numbers")), ElementsAre("brook.7", "lock", "river.1", "writers"));
}

TEST_F(ModelStoreTest, NumbersOfAFolderWithoutMarks_FollowItsFiles) {
  Publish("brook");
  Publish("brook");
  CutFile("brook", 2);
  std::filesystem::remove_all(Path("models/.numbers"));  // as release 0.1 leaves a folder
  Open();
  EXPECT_EQ(Publish("brook"), 3);
}

TEST_F(ModelStoreTest, NumberWhoseMarkCannotBeWritten_IsNotUsed) {
  Publish("brook");
  std::filesystem::remove_all(Path("models/.numbers"));
  WriteFile(Path("models/.numbers"), "a file");
  const absl::Status status = store_->Publish("brook", SmallModel()).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot open .numbers/writers"));
  EXPECT_THAT(Names(Path("models/brook")), ElementsAre("1.safetensors"));
  EXPECT_FALSE(ModelStore::Open(Path("models"), {}).ok());  // numbers could come back
}

TEST_F(ModelStoreTest, List_GivesPages) {
  for (const char* name : {"a", "b", "c", "d"}) Publish(name);
  const auto page = store_->List("a", 2);
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0]->name, "b");
  EXPECT_EQ(page[1]->name, "c");
  EXPECT_EQ(store_->List("bb").size(), 2u);  // a name that does not exist any more
  EXPECT_THAT(store_->List("d"), IsEmpty());
  // What is listed is shared with the store, and does not change.
  EXPECT_EQ(store_->List("b", 1)[0], page[1]);
  Publish("c");
  EXPECT_EQ(page[1]->versions.size(), 1u);
  EXPECT_EQ(store_->List("b", 1)[0]->versions.size(), 2u);
}

TEST_F(ModelStoreTest, Find_GivesLoadedVersionsAndNeverReadsAFile) {
  Publish("brook");
  EXPECT_EQ(store_->Find({.name = "brook"}).value(), nullptr);
  EXPECT_TRUE(absl::IsNotFound(store_->Find({.name = "lake"}).status()));
  const auto loaded = Load("brook").value();
  EXPECT_EQ(store_->Find({.name = "brook"}).value(), loaded);
}

// A slow disk would keep the reader of a version's file waiting. Here a version is being read all
// the time.
TEST_F(ModelStoreTest, Find_IsImmediateWhileAnotherVersionIsBeingLoaded) {
  Publish("brook");
  const auto loaded = Load("brook").value();
  ModelData large = SmallModel();
  large.description.network.hidden_size = 512;
  large.parameters.resize(
      MakeNetwork<float>(large.description.network, large.description.vocabulary.size())
          ->layout()
          .size());
  ASSERT_TRUE(store_->Publish("river", large).ok());
  std::atomic<bool> done = false;
  std::thread loader([&] {
    EXPECT_TRUE(Load("river").ok());
    done = true;
  });
  int found = 0;
  do {
    found += store_->Find({.name = "brook"}).value() == loaded ? 1 : 0;
  } while (!done);
  loader.join();
  EXPECT_GT(found, 1);
}

TEST_F(ModelStoreTest, Open_MakesMissingFolders) {
  ASSERT_TRUE(ModelStore::Open(Path("deep/down/models"), {}).ok());
  EXPECT_TRUE(std::filesystem::is_directory(Path("deep/down/models")));
}

TEST_F(ModelStoreTest, PublishLoadAndDeleteFromManyThreads_KeepEveryPromise) {
  constexpr int kPublished = 25;
  Publish("brook");  // so that a bare name is never empty: version 1 stays
  std::atomic<bool> done = false;
  std::atomic<int> publishers = 2;
  std::vector<std::vector<int>> numbers(2);
  std::vector<std::thread> threads;
  for (int p = 0; p < 2; ++p) {
    threads.emplace_back([&, p] {
      for (int i = 0; i < kPublished; ++i) {
        numbers[p].push_back(store_->Publish("brook", SmallModel())->version);
      }
      if (--publishers == 0) done = true;
    });
  }
  threads.emplace_back([&] {
    while (!done) {
      const auto newest = Load("brook");
      ASSERT_TRUE(newest.ok()) << newest.status();
      EXPECT_EQ(LogitsOf(**newest).size(), 8u);
      for (const auto& model : store_->List()) {
        for (const VersionInfo& version : model->versions) EXPECT_EQ(version.damage, "");
      }
    }
  });
  threads.emplace_back([&] {
    while (!done) {
      for (const int version : Versions("brook")) {
        if (version == 1 || version % 2 == 0) continue;
        EXPECT_TRUE(Delete("brook:" + std::to_string(version)).ok());
      }
    }
  });
  for (std::thread& thread : threads) thread.join();

  std::vector<int> all = numbers[0];
  all.insert(all.end(), numbers[1].begin(), numbers[1].end());
  std::sort(all.begin(), all.end());
  for (int i = 0; i < 2 * kPublished; ++i) EXPECT_EQ(all[i], i + 2);
  for (const std::vector<int>& ascending : numbers) {
    EXPECT_TRUE(std::is_sorted(ascending.begin(), ascending.end()));
  }
  for (const int version : all) {
    EXPECT_TRUE(version % 2 != 0 || Load("brook:" + std::to_string(version)).ok()) << version;
  }
  const std::vector<int> before = Versions("brook");
  Open();
  EXPECT_EQ(Versions("brook"), before);
}

}  // namespace
}  // namespace runnel
