#include "core/base/read_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/core/model/model_testing.h"

namespace runnel {
namespace {

using ReadFileTest = FolderTest;

TEST_F(ReadFileTest, ReadFilePrefix_GivesTheBeginningAndTheSize) {
  WriteFile(Path("a"), "0123456789");
  const FilePrefix part = ReadFilePrefix(Path("a"), 4).value();
  EXPECT_EQ(part.bytes, "0123");
  EXPECT_EQ(part.file_bytes, 10);
  EXPECT_EQ(ReadFilePrefix(Path("a"), 100)->bytes, "0123456789");
}

TEST_F(ReadFileTest, ReadFilePrefix_OfWhatIsNoFileIsAnErrorAndDoesNotWait) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadFilePrefix(Path("pipe"), 4).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadFilePrefix(folder_, 4).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFilePrefix(Path("none"), 4).status()));
}

TEST_F(ReadFileTest, ReadWholeFile_RefusesMoreThanItsBound) {
  WriteFile(Path("a"), "0123456789");
  EXPECT_EQ(ReadWholeFile(Path("a"), 10).value(), "0123456789");
  EXPECT_EQ(ReadWholeFile(Path("a"), 9).status(),
            absl::ResourceExhaustedError(Path("a") + " has 10 bytes; at most 9 are read"));
}

}  // namespace
}  // namespace runnel
