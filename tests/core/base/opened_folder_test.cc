#include "core/base/opened_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/cord.h"
#include "tests/testing/temporary_folder.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

TEST(OpenedFolder, RemovedFolder_IsToldByItsName) {
  const testing::TemporaryFolder parent;
  std::string reported;
  const auto report = [&](const std::string& text) { reported += text; };
  const auto folder =
      OpenedFolder::Open(parent / "a/b", "the folder of the models", report).value();
  EXPECT_TRUE(folder.CheckPresent().ok());
  std::filesystem::remove(folder.path());
  EXPECT_EQ(reported, "");
  EXPECT_TRUE(absl::IsFailedPrecondition(folder.CheckPresent()));
  EXPECT_THAT(folder.CheckPresent().message(),
              HasSubstr("the folder of the models was removed or replaced"));
  EXPECT_THAT(reported, HasSubstr("the folder of the models, " + folder.path() + ", was removed"));
}

// A loop of links stands for a disk that fails.
TEST(OpenedFolder, FolderThatCannotBeLookedAt_IsNotCalledRemoved) {
  const testing::TemporaryFolder parent;
  const auto folder = OpenedFolder::Open(parent / "a", "the folder").value();
  std::filesystem::rename(parent / "a", parent / "elsewhere");
  std::filesystem::create_symlink("a", parent / "a");
  const absl::Status status = folder.CheckPresent();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("cannot use the folder"));
}

TEST(OpenedFolder, FolderInItsPlace_IsAnother) {
  const testing::TemporaryFolder parent;
  const auto folder = OpenedFolder::Open(parent / "a", "the folder").value();
  std::filesystem::rename(parent / "a", parent / "elsewhere");
  std::filesystem::create_directory(parent / "a");
  EXPECT_TRUE(absl::IsFailedPrecondition(folder.CheckPresent()));
  EXPECT_TRUE(absl::IsFailedPrecondition(folder.Explain(absl::NotFoundError("gone"))));
}

TEST(OpenedFolder, Messages_NameFilesRelativeToTheFolder) {
  const testing::TemporaryFolder parent;
  const auto folder = OpenedFolder::Open(parent / "a", "the folder").value();
  absl::Status status =
      absl::ResourceExhaustedError("cannot write " + folder.path() + "/b.txt in " + folder.path());
  status.SetPayload("type", absl::Cord("kept"));
  const absl::Status explained = folder.Explain(status);
  EXPECT_TRUE(absl::IsResourceExhausted(explained));
  EXPECT_EQ(explained.message(), "cannot write b.txt in the folder");
  EXPECT_TRUE(explained.GetPayload("type").has_value());
  EXPECT_TRUE(folder.Explain(absl::OkStatus()).ok());
}

}  // namespace
}  // namespace runnel
