#include "server/training/corpus_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "server/wire/error_mapping.h"
#include "tests/testing/little_memory.h"
#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;

class CorpusLoaderTest : public ::testing::Test {
 protected:
  const testing::TemporaryFolder folder_;
  const std::unique_ptr<CorpusUploads> uploads_ =
      CorpusUploads::Open(folder_ / "corpora", {.upload_bytes_max = 100, .total_bytes_max = 100})
          .value();
};

TEST_F(CorpusLoaderTest, Stopped_LoadsNothingMore) {
  MemoryBudget memory(1000);
  CorpusLoader loader(folder_.path(), uploads_.get(), &memory);
  v1::TrainRequest request;
  request.set_text("abcabc");
  const auto corpus = loader.Load(request, {});
  ASSERT_TRUE(corpus.ok());
  EXPECT_EQ((*corpus)->corpus.chars(), 6);
  loader.Stop();
  EXPECT_EQ(loader.Load(request, {}).status(),
            absl::UnavailableError("the server is shutting down"));
}

TEST_F(CorpusLoaderTest, ByteOrderMark_IsToldOnceInTheLog) {
  MemoryBudget memory(1000);
  const CorpusLoader loader(folder_.path(), uploads_.get(), &memory);
  std::ofstream(folder_ / "marked.txt") << "\xEF\xBB\xBF"
                                        << "abcabc";
  v1::TrainRequest request;
  request.set_model("m");
  request.set_corpus_path("marked.txt");
  ::testing::internal::CaptureStderr();
  const auto corpus = loader.Load(request, {});
  EXPECT_THAT(
      ::testing::internal::GetCapturedStderr(),
      HasSubstr("the corpus for model m (corpus_path) has 1 byte order mark at the beginning "
                "of its text or documents; the model does not learn it\n"));
  ASSERT_TRUE(corpus.ok());
  EXPECT_EQ((*corpus)->corpus.chars(), 6);
}

TEST_F(CorpusLoaderTest, CorpusBeyondTheFreeMemory_NamesTheField) {
  MemoryBudget memory(20);
  const auto others = memory.Take(15, "another corpus");
  const CorpusLoader loader(folder_.path(), uploads_.get(), &memory);
  v1::TrainRequest request;
  request.set_text("abcabc");
  EXPECT_EQ(
      loader.Load(request, {}).status(),
      absl::ResourceExhaustedError("text: the corpus needs 6 bytes of memory; 5 of 20 are free"));
}

TEST_F(CorpusLoaderTest, CorpusBeyondAllMemory_NamesTheFieldAndTheBound) {
  MemoryBudget memory(5);
  const CorpusLoader loader(folder_.path(), uploads_.get(), &memory);
  v1::TrainRequest request;
  request.set_text("abcabc");
  EXPECT_EQ(
      loader.Load(request, {}).status(),
      InvalidField(
          "text",
          "needs 6 bytes of memory or more; at most 5 are available for corpora on this server"));
}

TEST_F(CorpusLoaderTest, FileFarBeyondAllMemory_IsNotRead) {
  MemoryBudget memory(5);
  const CorpusLoader loader(folder_.path(), uploads_.get(), &memory);
  std::ofstream(folder_ / "large.txt")
      << std::string(24, '\xFF');  // reading it would find invalid UTF-8
  v1::TrainRequest request;
  request.set_corpus_path("large.txt");
  EXPECT_EQ(
      loader.Load(request, {}).status().message(),
      "corpus_path: needs 6 bytes of memory or more; at most 5 are available for corpora on this "
      "server");
  const CorpusVocabulary documents = {.rules = {.document_separator = "\n"}};
  EXPECT_THAT(std::string(loader.Load(request, documents).status().message()), HasSubstr("UTF-8"));
}

TEST_F(CorpusLoaderTest, ProcessWithoutMemory_RefusesTheCorpusAndLoadsASmallOne) {
  if (!testing::kMemoryCanBeLimited) GTEST_SKIP() << "a sanitizer needs all addresses";
  constexpr int64_t kMegabyte = 1 << 20;
  MemoryBudget memory(1000 * kMegabyte);
  const CorpusLoader loader(folder_.path(), uploads_.get(), &memory);
  v1::TrainRequest large;
  for (int i = 0; i < 64 * kMegabyte / 8; ++i) large.mutable_text()->append("abcdefgh");
  v1::TrainRequest small;
  small.set_text("abcabc");
  const auto load_both = [&] {
    const absl::Status status = loader.Load(large, {}).status();
    return absl::IsResourceExhausted(status) &&
           absl::StrContains(status.message(), "text: there is not enough memory for the corpus") &&
           loader.Load(small, {}).ok();
  };
  EXPECT_EQ(testing::RunWithLittleMemory(20 * kMegabyte, load_both), 0);
}

TEST_F(CorpusLoaderTest, Corpus_HoldsItsMemoryAsLongAsItLives) {
  MemoryBudget memory(10);
  const CorpusLoader loader(folder_.path(), uploads_.get(), &memory);
  v1::TrainRequest request;
  request.set_text("abcabc");
  auto corpus = loader.Load(request, {});
  ASSERT_TRUE(corpus.ok());
  EXPECT_FALSE(memory.Take(5, "another").ok());
  EXPECT_TRUE(memory.Take(4, "another").ok());
  corpus->reset();
  EXPECT_TRUE(memory.Take(10, "another").ok());
}

}  // namespace
}  // namespace runnel::server
