#include "core/model/model_file_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/core/model/model_testing.h"

namespace runnel {
namespace {

class ModelFileReaderTest : public FolderTest {
 protected:
  // All pieces of `bytes_max` bytes; the error in place of the last one.
  absl::StatusOr<std::string> ReadAll(int64_t bytes_max) {
    absl::StatusOr<ModelFileReader> reader = ModelFileReader::Open(Path("1"));
    if (!reader.ok()) return reader.status();
    std::string all;
    while (true) {
      const absl::StatusOr<std::string> piece = reader->Read(bytes_max);
      if (!piece.ok()) return piece.status();
      EXPECT_LE(static_cast<int64_t>(piece->size()), bytes_max);
      if (piece->empty()) return all;
      all += *piece;
    }
  }
};

TEST_F(ModelFileReaderTest, PiecesOfAnySize_AreTheFile) {
  const std::string bytes = EncodeModel(SmallModel());
  WriteFile(Path("1"), bytes);
  for (const int64_t size : {int64_t{1}, int64_t{7}, int64_t{1000}, int64_t{1} << 20}) {
    EXPECT_EQ(ReadAll(size).value(), bytes) << size;
  }
}

TEST_F(ModelFileReaderTest, AnyFlippedWeight_ShowsBeforeTheLastPiece) {
  std::string bytes = EncodeModel(SmallModel());
  for (const size_t back : {1, 100, 379}) {
    bytes[bytes.size() - back] ^= 1;
    WriteFile(Path("1"), bytes);
    bytes[bytes.size() - back] ^= 1;
    for (const int64_t size : {int64_t{7}, int64_t{1} << 20}) {
      EXPECT_EQ(ReadAll(size).status(),
                absl::DataLossError("the weights do not match their checksum"));
    }
  }
}

TEST_F(ModelFileReaderTest, FileThatShrinks_IsDataLoss) {
  const std::string bytes = EncodeModel(SmallModel());
  WriteFile(Path("1"), bytes);
  absl::StatusOr<ModelFileReader> reader = ModelFileReader::Open(Path("1"));
  ASSERT_TRUE(reader.ok());
  std::filesystem::resize_file(Path("1"), bytes.size() - 1);
  absl::StatusOr<std::string> piece = reader->Read(1 << 20);
  EXPECT_TRUE(absl::IsDataLoss(piece.status())) << piece.status();
}

TEST_F(ModelFileReaderTest, WhatIsNoVersionFile_IsNotOpened) {
  WriteFile(Path("1"), "garbage");
  EXPECT_TRUE(absl::IsDataLoss(ModelFileReader::Open(Path("1")).status()));
  EXPECT_TRUE(absl::IsNotFound(ModelFileReader::Open(Path("2")).status()));
}

}  // namespace
}  // namespace runnel
