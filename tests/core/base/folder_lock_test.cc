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
  auto first = AcquireFolder(folder / "data").value();
  EXPECT_TRUE(std::filesystem::is_directory(folder / "data"));
  const absl::Status second = AcquireFolder(folder / "data").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
  EXPECT_THAT(std::string(second.message()), HasSubstr(folder / "data"));
  EXPECT_TRUE(AcquireFolder(folder / "other").ok());
  first.reset();
  EXPECT_TRUE(AcquireFolder(folder / "data").ok());
}

TEST(FolderLock, OfWhatIsNoFolderIsAnError) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "file", "");
  EXPECT_FALSE(AcquireFolder(folder / "file").ok());
}

}  // namespace
}  // namespace runnel
