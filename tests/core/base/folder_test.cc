#include "core/base/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/temporary_folder.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

TEST(Folder, MakeFolder_MakesThoseAboveItAndDoesNotMindOneThatIsThere) {
  const testing::TemporaryFolder folder;
  EXPECT_TRUE(MakeFolder(folder / "a/b/c").ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
  EXPECT_TRUE(MakeFolder(folder / "a/b/c").ok());
  EXPECT_TRUE(MakeUsableFolder(folder / "a/b/d").ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/d"));
}

TEST(Folder, MakeFolder_UnderAFileIsAnErrorThatNamesIt) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "file", "");
  for (const auto make : {MakeFolder, MakeUsableFolder}) {
    const absl::Status status = make(folder / "file/a");
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(folder / "file/a"));
  }
}

TEST(Folder, NamesIn_AreAllNamesWithoutTheFoldersOwn) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "a", "");
  testing::WriteFile(folder / ".hidden", "");
  ASSERT_TRUE(MakeFolder(folder / "b").ok());
  EXPECT_THAT(NamesIn(folder.path()).value(), UnorderedElementsAre("a", ".hidden", "b"));
  EXPECT_TRUE(NamesIn(folder / "b")->empty());
}

TEST(Folder, NamesIn_OfWhatCannotBeListedIsAnErrorThatNamesIt) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "file", "");
  std::filesystem::create_symlink(folder / "loop", folder / "loop");
  EXPECT_TRUE(absl::IsNotFound(NamesIn(folder / "none").status()));
  EXPECT_FALSE(NamesIn(folder / "file").ok());
  const absl::Status loop = NamesIn(folder / "loop").status();
  EXPECT_FALSE(loop.ok());
  EXPECT_THAT(std::string(loop.message()), HasSubstr(folder / "loop"));
}

TEST(Folder, FileBytes_IsZeroForAFileThatIsMissing) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "a", "12345");
  EXPECT_EQ(FileBytes(folder / "a"), 5);
  EXPECT_EQ(FileBytes(folder / "none"), 0);
}

}  // namespace
}  // namespace runnel
