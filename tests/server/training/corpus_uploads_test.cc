#include "server/training/corpus_uploads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/temporary_folder.h"

namespace runnel::server {
namespace {

constexpr char kPeer[] = "ipv4:127.0.0.1:1000";

class CorpusUploadsTest : public ::testing::Test {
 protected:
  void Open(const CorpusUploads::Limits& limits) {
    uploads_ = nullptr;
    auto uploads = CorpusUploads::Open(folder_.path(), limits);
    ASSERT_TRUE(uploads.ok()) << uploads.status();
    uploads_ = *std::move(uploads);
  }
  absl::StatusOr<std::string> Add(const std::string& text) {
    auto upload = uploads_->Begin(kPeer);
    if (!upload.ok()) return upload.status();
    if (absl::Status status = (*upload)->Append(text); !status.ok()) return status;
    return (*upload)->Commit();
  }
  size_t Files() const {
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      ++files;
    }
    return files;
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<CorpusUploads> uploads_;
};

TEST_F(CorpusUploadsTest, CommittedText_IsFoundAlsoAfterARestart) {
  Open({.upload_bytes_max = 100, .total_bytes_max = 1000});
  const auto id = Add("héllo");
  ASSERT_TRUE(id.ok());
  Open({.upload_bytes_max = 100, .total_bytes_max = 1000});
  const auto pin = uploads_->Find(*id);
  ASSERT_TRUE(pin.ok());
  EXPECT_EQ(testing::ReadFile((*pin)->path()), "héllo");
}

TEST_F(CorpusUploadsTest, UploadThatIsDropped_LeavesNothing) {
  Open({.upload_bytes_max = 100, .total_bytes_max = 1000});
  auto upload = uploads_->Begin(kPeer);
  ASSERT_TRUE((*upload)->Append("half a te").ok());
  upload->reset();
  EXPECT_EQ(Files(), 0u);
}

TEST_F(CorpusUploadsTest, LeftoversOfACrash_GoAtTheStart) {
  testing::WriteFile(folder_ / "0123456789abcdef0123456789abcdef.txt.abc.tmp", "half");
  Open({.upload_bytes_max = 100, .total_bytes_max = 1000});
  EXPECT_EQ(Files(), 0u);
}

TEST_F(CorpusUploadsTest, TooLargeUpload_IsResourceExhausted) {
  Open({.upload_bytes_max = 4, .total_bytes_max = 1000});
  EXPECT_EQ(Add("12345").status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Add("1234").ok());
}

TEST_F(CorpusUploadsTest, FullStore_LetsTheOldestGiveWay) {
  Open({.upload_bytes_max = 10, .total_bytes_max = 25});
  const std::string a = *Add("aaaaaaaaaa");
  const std::string b = *Add("bbbbbbbbbb");
  const std::string c = *Add("cccccccccc");
  EXPECT_TRUE(absl::IsNotFound(uploads_->Find(a).status()));
  EXPECT_TRUE(uploads_->Find(b).ok());
  EXPECT_TRUE(uploads_->Find(c).ok());
  EXPECT_EQ(Files(), 2u);
}

TEST_F(CorpusUploadsTest, CorpusInUse_DoesNotGiveWay) {
  Open({.upload_bytes_max = 10, .total_bytes_max = 25});
  const std::string a = *Add("aaaaaaaaaa");
  const auto pin = uploads_->Find(a);
  const std::string b = *Add("bbbbbbbbbb");
  ASSERT_TRUE(Add("cccccccccc").ok());
  EXPECT_TRUE(uploads_->Find(a).ok());
  EXPECT_TRUE(absl::IsNotFound(uploads_->Find(b).status()));
}

TEST_F(CorpusUploadsTest, CorpusThatCannotFit_MakesNoOtherGiveWay) {
  Open({.upload_bytes_max = 20, .total_bytes_max = 25});
  const std::string a = *Add("aaaaaaaaaa");
  const std::string b = *Add("bbbbbbbbbb");
  const auto pin = uploads_->Find(a);
  EXPECT_TRUE(absl::IsResourceExhausted(Add("cccccccccccccccccccc").status()));
  EXPECT_TRUE(uploads_->Find(b).ok());
  EXPECT_EQ(Files(), 2u);
}

TEST_F(CorpusUploadsTest, IdsOfAnotherForm_AreInvalid) {
  Open({.upload_bytes_max = 10, .total_bytes_max = 25});
  for (const char* id : {"", "x", "../x", "0123456789ABCDEF0123456789ABCDEF"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(uploads_->Find(id).status())) << id;
  }
}

TEST_F(CorpusUploadsTest, BytesUnderWay_AreBoundedTogetherAndGivenBack) {
  Open({.upload_bytes_max = 20, .total_bytes_max = 25});
  const auto first = uploads_->Begin(kPeer);
  auto second = uploads_->Begin(kPeer);
  EXPECT_TRUE((*first)->Append(std::string(15, 'a')).ok());
  EXPECT_TRUE(absl::IsResourceExhausted((*second)->Append(std::string(15, 'b'))));
  EXPECT_EQ(Files(), 1u);
  second->reset();
  EXPECT_TRUE(Add(std::string(10, 'c')).ok());
  EXPECT_TRUE((*first)->Commit().ok());
}

TEST_F(CorpusUploadsTest, ManyAtATime_AreBounded_AndThoseOfOnePeerToo) {
  Open({.upload_bytes_max = 10, .total_bytes_max = 25});
  std::vector<std::unique_ptr<CorpusUploads::Upload>> under_way;
  for (const char* peer : {"ipv4:127.0.0.1:1", "ipv4:127.0.0.1:2"}) {
    for (int i = 0; i < CorpusUploads::kUnderWayMax / 2; ++i) {
      auto upload = uploads_->Begin(peer);
      ASSERT_TRUE(upload.ok());
      under_way.push_back(*std::move(upload));
    }
    EXPECT_TRUE(absl::IsResourceExhausted(uploads_->Begin(peer).status()));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(uploads_->Begin(kPeer).status()));
  under_way.pop_back();
  EXPECT_TRUE(uploads_->Begin(kPeer).ok());
}

}  // namespace
}  // namespace runnel::server
