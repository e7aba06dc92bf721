#include "core/base/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/temporary_folder.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

TEST(FolderLock, KeepsASecondOneOutUntilItIsDestroyed) {
  const testing::TemporaryFolder folder;
  auto first = FolderLock::Acquire(folder / "data").value();
  EXPECT_TRUE(std::filesystem::is_directory(folder / "data"));
  const absl::Status second = FolderLock::Acquire(folder / "data").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
  EXPECT_THAT(std::string(second.message()), HasSubstr(folder / "data"));
  EXPECT_TRUE(FolderLock::Acquire(folder / "other").ok());
  first.reset();
  EXPECT_TRUE(FolderLock::Acquire(folder / "data").ok());
}

TEST(FolderLock, OfWhatIsNoFolderIsAnError) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "file", "");
  EXPECT_FALSE(FolderLock::Acquire(folder / "file").ok());
}

}  // namespace
}  // namespace runnel
