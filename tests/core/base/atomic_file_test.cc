#include "core/base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "tests/core/model/model_testing.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AtomicFileTest : public FolderTest {};

TEST_F(AtomicFileTest, File_AppearsWithItsNameOnlyWhenCommitted) {
  auto file = AtomicFile::Create(Path("a"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->Append("one ").ok());
  ASSERT_TRUE(file->Append("").ok());
  ASSERT_TRUE(file->Append("two").ok());
  EXPECT_FALSE(std::filesystem::exists(Path("a")));
  ASSERT_EQ(Names(folder_).size(), 1u);
  EXPECT_THAT(Names(folder_)[0], testing::EndsWith(std::string(kTemporarySuffix)));
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_THAT(Names(folder_), ElementsAre("a"));
  EXPECT_EQ(ReadFile(Path("a")), "one two");
}

TEST_F(AtomicFileTest, CommittedFile_IsReadableByOthers) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "text").ok());
  struct stat info = {};
  ASSERT_EQ(stat(Path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST_F(AtomicFileTest, CommittedFile_OutlivesItsWriter) {
  {
    auto file = AtomicFile::Create(Path("a"));
    ASSERT_TRUE(file->Append("kept").ok());
    ASSERT_TRUE(file->Commit().ok());
  }
  EXPECT_EQ(ReadFile(Path("a")), "kept");
}

TEST_F(AtomicFileTest, UncommittedFile_IsRemovedByTheDestructor) {
  {
    auto file = AtomicFile::Create(Path("a"));
    ASSERT_TRUE(file->Append("text").ok());
    ASSERT_EQ(Names(folder_).size(), 1u);
    const AtomicFile moved = *std::move(file);
    ASSERT_EQ(Names(folder_).size(), 1u);
  }
  EXPECT_THAT(Names(folder_), IsEmpty());
}

TEST_F(AtomicFileTest, TakenName_IsAlreadyExistsAndKeepsItsFile) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "first").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(WriteFileAtomically(Path("a"), "second")));
  EXPECT_THAT(Names(folder_), ElementsAre("a"));
  EXPECT_EQ(ReadFile(Path("a")), "first");
}

TEST_F(AtomicFileTest, OneName_GoesToTheFirstOfTwoWriters) {
  auto one = AtomicFile::Create(Path("a"));
  auto two = AtomicFile::Create(Path("a"));
  ASSERT_TRUE(one->Append("one").ok());
  ASSERT_TRUE(two->Append("two").ok());
  EXPECT_TRUE(two->Commit().ok());
  EXPECT_TRUE(absl::IsAlreadyExists(one->Commit()));
  EXPECT_EQ(ReadFile(Path("a")), "two");
}

TEST_F(AtomicFileTest, FullDisk_IsResourceExhaustedAndLeavesNothing) {
  absl::Status status;
  {
    const FullDisk full(1000);
    status = WriteFileAtomically(Path("a"), std::string(5000, 'x'));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write " + Path("a")));
  EXPECT_THAT(Names(folder_), IsEmpty());
  EXPECT_TRUE(WriteFileAtomically(Path("a"), std::string(5000, 'x')).ok());
}

TEST_F(AtomicFileTest, MissingFolder_IsNotFound) {
  const absl::Status status = WriteFileAtomically(Path("none/a"), "text");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot create " + Path("none/a")));
}

TEST_F(AtomicFileTest, FileInPlaceOfTheFolder_IsAnError) {
  WriteFile(Path("file"), "");
  EXPECT_FALSE(WriteFileAtomically(Path("file/a"), "text").ok());
  EXPECT_THAT(Names(folder_), ElementsAre("file"));
}

TEST_F(AtomicFileTest, SyncFolder_OfAMissingFolderIsAnError) {
  EXPECT_TRUE(SyncFolder(folder_).ok());
  EXPECT_TRUE(absl::IsNotFound(SyncFolder(Path("none"))));
}

}  // namespace
}  // namespace runnel
