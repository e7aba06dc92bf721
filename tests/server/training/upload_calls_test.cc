// Tests UploadCorpus over the wire.
#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;

class UploadCallsTest : public ServerTest {
 protected:
  size_t CorpusFiles() const {
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(options_.data_dir + "/corpora")) {
      ++files;
    }
    return files;
  }
};

TEST_F(UploadCallsTest, TextCutInsideCharacters_IsStoredWhole) {
  v1::UploadCorpusResponse response;
  ASSERT_TRUE(Upload({"caf\xC3", "\xA9 ", "", "\xF0\x9F", "\x98\x80"}, &response).ok());
  EXPECT_EQ(response.chars(), 6);
  EXPECT_EQ(testing::ReadFile(options_.data_dir + "/corpora/" + response.corpus_id() + ".txt"),
            "café 😀");
}

TEST_F(UploadCallsTest, UploadedCorpus_IsTrainedOn) {
  v1::UploadCorpusResponse response;
  ASSERT_TRUE(Upload({PlainText(20), PlainText(20)}, &response).ok());
  v1::TrainRequest request = TinyTraining("m", 2);
  request.set_corpus_id(response.corpus_id());
  const v1::TrainingJob job = MustTrain(request, /*wait=*/true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  EXPECT_EQ(job.corpus_chars(), response.chars());
}

TEST_F(UploadCallsTest, MessagesBeyondTheMemoryOfRequests_AreRefused) {
  MemoryBudget& memory = server_->parts().message_memory;
  v1::UploadCorpusResponse response;
  {
    const auto held = memory.Take(memory.bytes_max() - 100, "the test");
    ASSERT_TRUE(held.ok());
    EXPECT_EQ(Upload({PlainText(20)}, &response).error_code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(CorpusFiles(), 0u);
  }
  EXPECT_TRUE(Upload({PlainText(20)}, &response).ok());
  EXPECT_TRUE(Eventually([&] { return memory.taken() == 0; }));
}

TEST_F(UploadCallsTest, BadUploads_AreInvalidAndLeaveNothing) {
  const std::vector<std::vector<std::string>> uploads = {
      {}, {""}, {"caf\xE9 ole"}, {"ends inside \xC3"}, {"\xED\xA0\x80 surrogate"}};
  for (const auto& chunks : uploads) {
    v1::UploadCorpusResponse response;
    const grpc::Status status = Upload(chunks, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(FieldsOf(status), ElementsAre("chunk")) << status.error_message();
  }
  EXPECT_EQ(CorpusFiles(), 0u);
}

TEST_F(UploadCallsTest, TooLargeUpload_IsResourceExhausted) {
  options_.max_upload_bytes = 100;
  StartServer();
  v1::UploadCorpusResponse response;
  EXPECT_EQ(Upload({std::string(60, 'a'), std::string(60, 'b')}, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CorpusFiles(), 0u);
}

TEST_F(UploadCallsTest, BrokenUpload_LeavesNothing) {
  {
    grpc::ClientContext context;
    v1::UploadCorpusResponse response;
    const auto writer = jobs_->UploadCorpus(&context, &response);
    v1::UploadCorpusRequest request;
    request.set_chunk("half a te");
    ASSERT_TRUE(writer->Write(request));
    context.TryCancel();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(Eventually([&] { return CorpusFiles() == 0; }));
}

}  // namespace
}  // namespace runnel::server
