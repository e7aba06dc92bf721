// A model store with damaged versions, odd files or a full disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/core/model/model_store_fixture.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using ModelStoreDamage = ModelStoreTest;

TEST_F(ModelStoreDamage, UnreadableFile_IsReportedAndNotServedAndItsNeighboursAre) {
  Publish("brook", 1);
  Publish("brook", 2);
  Publish("brook", 3);
  Publish("river");
  CutFile("brook", 2);
  Open();
  const ModelInfo info = store_->Get("brook").value();
  EXPECT_EQ(info.versions[0].damage, "");
  EXPECT_THAT(info.versions[1].damage, HasSubstr("says that its header has"));
  EXPECT_EQ(info.versions[1].file_bytes, 100);
  EXPECT_EQ(info.versions[2].damage, "");
  const absl::Status status = Load("brook:2").status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), testing::StartsWith("brook:2 is damaged: says"));
  EXPECT_EQ(LogitsOf(**Load("brook:1")), LogitsOf(SmallModel(1)));
  EXPECT_EQ(LogitsOf(**Load("brook")), LogitsOf(SmallModel(3)));
  EXPECT_TRUE(Load("river").ok());
}

TEST_F(ModelStoreDamage, BareName_FallsBackToTheNewestUndamagedVersion) {
  Publish("brook", 1);
  Publish("brook", 2);
  Publish("brook", 3);
  CutFile("brook", 3);
  Open();
  EXPECT_EQ((*Load("brook"))->version, 2);
}

TEST_F(ModelStoreDamage, SpoiledWeights_AreFoundAtTheFirstLoadAndPassedOver) {
  Publish("brook", 1);
  Publish("brook", 2);
  SpoilWeights("brook", 2);
  Open();
  EXPECT_EQ(store_->Get("brook")->versions[0].damage, "");  // weights are not read at the opening
  EXPECT_EQ((*Load("brook"))->version, 1);
  EXPECT_EQ(store_->Get("brook")->versions[0].damage, "the weights do not match their checksum");
  EXPECT_EQ(Load("brook:2").status(),
            absl::DataLossError("brook:2 is damaged: the weights do not match their checksum"));
  EXPECT_EQ(Publish("brook", 3), 3);
  EXPECT_EQ((*Load("brook"))->version, 3);
}

TEST_F(ModelStoreDamage, ModelOfOnlyDamagedVersions_IsDataLoss) {
  Publish("brook", 1);
  Publish("brook", 2);
  CutFile("brook", 1);
  SpoilWeights("brook", 2);
  Open();
  EXPECT_EQ(Load("brook").status(),
            absl::DataLossError("brook:2 is damaged: the weights do not match their checksum"));
  EXPECT_TRUE(Delete("brook:2").ok());
  EXPECT_TRUE(absl::IsDataLoss(Load("brook").status()));
  EXPECT_TRUE(Delete("brook:1").ok());
  EXPECT_TRUE(absl::IsNotFound(Load("brook").status()));
}

TEST_F(ModelStoreDamage, TemporaryFiles_AreRemovedAtTheOpening) {
  Publish("brook");
  WriteFile(Path("models/brook/2.safetensors.Ab3xYz.tmp"), "half");
  Open();
  EXPECT_THAT(Names(Path("models/brook")), ElementsAre("1.safetensors"));
}

TEST_F(ModelStoreDamage, OddFilesAndFolders_AreIgnoredAndLeftAlone) {
  Publish("brook");
  const std::string bytes = ReadFile(VersionPath("brook", 1));
  const std::vector<std::string> odd = {"007.safetensors",
                                        "+7.safetensors",
                                        "0.safetensors",
                                        "-1.safetensors",
                                        "7.safetensors~",
                                        "7.pt",
                                        "notes.txt",
                                        ".safetensors",
                                        "7",
                                        "99999999999.safetensors"};
  for (const std::string& name : odd) WriteFile(Path("models/brook/" + name), bytes);
  for (const char* folder : {"models/Brook", "models/a_b", "models/.hidden"}) {
    std::filesystem::create_directories(Path(folder));
    WriteFile(Path(folder) + "/1.safetensors", bytes);
  }
  std::filesystem::create_directories(Path("models/empty"));
  WriteFile(Path("models/readme"), "text");
  Open();
  ASSERT_EQ(store_->List().size(), 1u);
  EXPECT_THAT(Versions("brook"), ElementsAre(1));
  for (const std::string& name : odd) {
    EXPECT_TRUE(std::filesystem::exists(Path("models/brook/" + name))) << name;
  }
  EXPECT_EQ(Publish("brook"), 2);
}

TEST_F(ModelStoreDamage, PipeOrFolderInPlaceOfAVersion_IsReportedAndNotWaitedFor) {
  Publish("brook");
  ASSERT_EQ(mkfifo(VersionPath("brook", 2).c_str(), 0600), 0);
  std::filesystem::create_directories(VersionPath("brook", 3));
  Open();
  const ModelInfo info = store_->Get("brook").value();
  ASSERT_EQ(info.versions.size(), 3u);
  EXPECT_THAT(info.versions[0].damage, HasSubstr("is not a regular file"));
  EXPECT_THAT(info.versions[1].damage, HasSubstr("is not a regular file"));
  EXPECT_EQ((*Load("brook"))->version, 1);
}

TEST_F(ModelStoreDamage, FileInPlaceOfAModelsFolder_FailsOnlyThatPublish) {
  WriteFile(Path("models/brook"), "a file");
  Open();
  EXPECT_THAT(store_->List(), IsEmpty());
  EXPECT_FALSE(store_->Publish("brook", SmallModel()).ok());
  EXPECT_THAT(store_->List(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(store_->Get("brook").status()));
  EXPECT_THAT(Names(Path("models")), ElementsAre(".numbers", "brook"));
  EXPECT_EQ(ReadFile(Path("models/brook")), "a file");
  EXPECT_EQ(Publish("river"), 1);
}

TEST_F(ModelStoreDamage, FullDisk_FailsThePublishAndLeavesNothing) {
  Publish("river");
  absl::Status fresh;
  absl::Status existing;
  {
    const FullDisk full(500);
    fresh = store_->Publish("brook", SmallModel()).status();
    existing = store_->Publish("river", SmallModel()).status();
  }
  EXPECT_TRUE(absl::IsResourceExhausted(fresh)) << fresh;
  EXPECT_TRUE(absl::IsResourceExhausted(existing)) << existing;
  EXPECT_THAT(Names(Path("models")), ElementsAre(".numbers", "river"));
  EXPECT_THAT(Names(Path("models/river")), ElementsAre("1.safetensors"));
  EXPECT_THAT(Versions("brook"), IsEmpty());
  EXPECT_THAT(Versions("river"), ElementsAre(1));
  EXPECT_EQ(Publish("brook"), 1);
  EXPECT_EQ(Publish("river"), 2);
}

TEST_F(ModelStoreDamage, VersionThatAppearedFromOutside_IsSteppedOver) {
  Publish("brook", 1);
  WriteFile(VersionPath("brook", 2), "from elsewhere");
  EXPECT_EQ(Publish("brook", 2), 3);
  EXPECT_EQ(ReadFile(VersionPath("brook", 2)), "from elsewhere");
  EXPECT_THAT(Versions("brook"), ElementsAre(3, 1));
}

TEST_F(ModelStoreDamage, LastNumberThereIs_FailsOnlyThatPublish) {
  Publish("brook", 1);
  std::filesystem::copy_file(VersionPath("brook", 1), VersionPath("brook", 2147483647));
  Open();
  const absl::Status status = store_->Publish("brook", SmallModel()).status();
  EXPECT_EQ(status, absl::FailedPreconditionError(
                        "brook:2147483647 has the last number that a version can have"));
  EXPECT_THAT(Versions("brook"), ElementsAre(2147483647, 1));
  EXPECT_EQ(Names(Path("models/brook")).size(), 2u);
  EXPECT_TRUE(Load("brook").ok());
}

TEST_F(ModelStoreDamage, UnreadableModelFolder_IsToldAndNotSaidToBeMissing) {
  Publish("brook");
  Publish("river");
  std::filesystem::remove_all(Path("models/brook"));
  std::filesystem::create_symlink(Path("models/brook"), Path("models/brook"));  // leads nowhere
  OpenAndListen();
  EXPECT_THAT(reports_, ElementsAre(HasSubstr("model brook is not served: ")));
  for (const absl::Status& status :
       {Load("brook").status(), Load("brook:1").status(), store_->Get("brook").status(),
        Delete("brook"), store_->Publish("brook", SmallModel()).status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("model brook is not served: "));
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr(folder_)));
  }
  EXPECT_EQ(store_->List().size(), 1u);
  EXPECT_TRUE(Load("river").ok());
}

TEST_F(ModelStoreDamage, RemovedFile_IsToldAndAnOlderVersionServed) {
  Publish("brook", 1);
  Publish("brook", 2);
  OpenAndListen();
  std::filesystem::remove(VersionPath("brook", 2));
  EXPECT_EQ(Load("brook").value()->version, 1);
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_THAT(reports_[0], HasSubstr("brook:2 cannot be read: its file was removed"));
  EXPECT_EQ(Load("brook:2").status(),
            absl::DataLossError("brook:2 is damaged: its file was removed from the data folder"));
  EXPECT_TRUE(absl::IsDataLoss(store_->OpenFile({.name = "brook", .version = 2}).status()));
  EXPECT_EQ(Publish("brook"), 3);
}

TEST_F(ModelStoreDamage, RemovedFolder_IsRefusedAndNotMadeAgain) {
  Publish("brook");
  Publish("river");
  const auto loaded = Load("brook").value();
  std::filesystem::rename(Path("models"), Path("elsewhere"));
  for (const bool replaced : {false, true}) {
    if (replaced) std::filesystem::create_directory(Path("models"));
    for (const absl::Status& status :
         {store_->Publish("brook", SmallModel()).status(),
          store_->Publish("lake", SmallModel()).status(), Load("river").status(),
          store_->OpenFile({.name = "brook"}).status(), Delete("river")}) {
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr("was removed or replaced"));
    }
    EXPECT_EQ(Load("brook").value(), loaded);  // from memory
  }
  EXPECT_THAT(Names(Path("models")), IsEmpty());
  std::filesystem::remove(Path("models"));
  std::filesystem::rename(Path("elsewhere"), Path("models"));
  EXPECT_TRUE(Load("river").ok());
  EXPECT_EQ(Publish("brook"), 2);
}

TEST_F(ModelStoreDamage, VersionDamagedBeforeItCouldBeRead_HasNoDescription) {
  Publish("brook", 1);
  CutFile("brook", 1);
  Open();
  EXPECT_EQ(store_->Get("brook")->versions[0].description, nullptr);
  EXPECT_TRUE(absl::IsDataLoss(store_->Describe({.name = "brook"}).status()));
}

TEST_F(ModelStoreDamage, Open_OfAFileInPlaceOfTheFolderIsAnError) {
  WriteFile(Path("file"), "");
  EXPECT_FALSE(ModelStore::Open(Path("file"), {}).ok());
  EXPECT_FALSE(ModelStore::Open(Path("file/models"), {}).ok());
}

}  // namespace
}  // namespace runnel
