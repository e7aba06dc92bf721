#include "core/base/file_lock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/testing/temporary_folder.h"

namespace runnel {
namespace {

using Mode = FileLock::Mode;

TEST(FileLock, ExclusiveOne_KeepsAllOthersOut) {
  const testing::TemporaryFolder folder;
  auto held = FileLock::Try(folder / "lock", Mode::kExclusive).value();
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(FileLock::Try(folder / "lock", Mode::kExclusive).value(), nullptr);
  EXPECT_EQ(FileLock::Try(folder / "lock", Mode::kShared).value(), nullptr);
  held.reset();
  EXPECT_NE(FileLock::Try(folder / "lock", Mode::kShared).value(), nullptr);
}

TEST(FileLock, SharedOnes_KeepExclusiveOnesOut) {
  const testing::TemporaryFolder folder;
  const auto first = FileLock::Try(folder / "lock", Mode::kShared).value();
  const auto second = FileLock::Try(folder / "lock", Mode::kShared).value();
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(FileLock::Try(folder / "lock", Mode::kExclusive).value(), nullptr);
}

TEST(FileLock, Wait_LastsUntilTheLockIsFree) {
  const testing::TemporaryFolder folder;
  auto held = FileLock::Try(folder / "lock", Mode::kExclusive).value();
  std::thread releaser([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    held.reset();
  });
  EXPECT_NE(FileLock::Wait(folder / "lock", Mode::kExclusive).value(), nullptr);
  releaser.join();
}

TEST(FileLock, FolderThatIsMissing_IsAnError) {
  const testing::TemporaryFolder folder;
  EXPECT_TRUE(absl::IsNotFound(FileLock::Try(folder / "none/lock", Mode::kShared).status()));
}

}  // namespace
}  // namespace runnel
