#include "core/text/text_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace runnel {
namespace {

class FileSourceTest : public testing::Test {
 protected:
  FileSourceTest() {
    std::string pattern = testing::TempDir() + "/text_source_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~FileSourceTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& text) const {
    const std::string path = folder_ + "/text";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static absl::Status Reading(const std::string& path, std::string* text) {
    return FileSource(path).Read([&](absl::string_view piece) {
      text->append(piece.data(), piece.size());
      return absl::OkStatus();
    });
  }

  std::string folder_;
  std::string text_;
};

TEST(StringSource, Read_HandsOverTheTextEachTime) {
  const StringSource source("abc");
  for (int reading = 0; reading < 2; ++reading) {
    std::string text;
    ASSERT_TRUE(source
                    .Read([&](absl::string_view piece) {
                      text.append(piece.data(), piece.size());
                      return absl::OkStatus();
                    })
                    .ok());
    EXPECT_EQ(text, "abc");
  }
}

TEST_F(FileSourceTest, Read_HandsOverEveryByteInPiecesOfAMebibyte) {
  std::string written;
  for (int i = 0; written.size() < (5u << 19); ++i) written += std::to_string(i * 7919) + '\0';
  const std::string path = Write(written);
  int pieces = 0;
  std::string text;
  ASSERT_TRUE(FileSource(path)
                  .Read([&](absl::string_view piece) {
                    ++pieces;
                    EXPECT_LE(piece.size(), 1u << 20);
                    text.append(piece.data(), piece.size());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(pieces, 3);
  EXPECT_TRUE(text == written);
}

TEST_F(FileSourceTest, Read_StopsAtTheSinksFirstError) {
  const std::string path = Write(std::string(3 << 20, 'a'));
  int pieces = 0;
  const absl::Status status = FileSource(path).Read([&](absl::string_view) {
    ++pieces;
    return absl::AbortedError("enough");
  });
  EXPECT_EQ(status, absl::AbortedError("enough"));
  EXPECT_EQ(pieces, 1);
}

TEST_F(FileSourceTest, EmptyFile_IsReadWithoutAnError) {
  EXPECT_TRUE(Reading(Write(""), &text_).ok());
  EXPECT_EQ(text_, "");
}

TEST_F(FileSourceTest, MissingFile_IsNotFoundAndNamesThePath) {
  const absl::Status status = Reading(folder_ + "/none", &text_);
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("cannot open " + folder_ + "/none"));
}

TEST_F(FileSourceTest, Folder_IsAFailedPrecondition) {
  const absl::Status status = Reading(folder_, &text_);
  EXPECT_EQ(status, absl::FailedPreconditionError(folder_ + " is not a regular file"));
}

TEST_F(FileSourceTest, NamedPipe_IsAFailedPreconditionAndIsNotWaitedFor) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const absl::Status status = Reading(path, &text_);
  EXPECT_EQ(status, absl::FailedPreconditionError(path + " is not a regular file"));
}

}  // namespace
}  // namespace runnel
