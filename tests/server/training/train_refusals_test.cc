// Tests over the wire that the server refuses wrong training requests.
#include <limits>

#include "tests/server/server_fixture.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TrainRefusalsTest : public ServerTest {
 protected:
  // Expects that the request is refused with INVALID_ARGUMENT for `field`, with `description` in
  // the message, and that no job is queued.
  void ExpectInvalid(const v1::TrainRequest& request, const std::string& field,
                     const std::string& description) {
    const grpc::Status status = Train(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(FieldsOf(status), ElementsAre(field)) << status.error_message();
    EXPECT_THAT(status.error_message(), StartsWith(field + ": "));
    EXPECT_THAT(status.error_message(), HasSubstr(description));
    grpc::ClientContext context;
    v1::ListTrainingJobsResponse jobs;
    EXPECT_TRUE(jobs_->ListTrainingJobs(&context, v1::ListTrainingJobsRequest(), &jobs).ok());
    EXPECT_EQ(jobs.jobs_size(), 0);
  }
  void ExpectInvalidText(const std::string& text, const std::string& description) {
    v1::TrainRequest request = TinyTraining("m", 1);
    request.set_text(text);
    ExpectInvalid(request, "text", description);
  }
  grpc::Status TrainOnPath(const std::string& path) {
    v1::TrainRequest request = TinyTraining("m", 1);
    request.set_corpus_path(path);
    return Train(request);
  }
};

TEST_F(TrainRefusalsTest, EmptyText_IsInvalid) { ExpectInvalidText("", "is empty"); }

TEST_F(TrainRefusalsTest, OneCharacter_IsInvalid) { ExpectInvalidText("a", "1 distinct"); }

TEST_F(TrainRefusalsTest, OneDistinctCharacter_IsInvalid) {
  ExpectInvalidText(std::string(10'000, 'a'), "1 distinct character, 'a'");
}

TEST_F(TrainRefusalsTest, CorpusShorterThanOneBatch_NamesTheNumbers) {
  ExpectInvalidText("abcabc", "is shorter than one batch");
}

TEST_F(TrainRefusalsTest, NoCorpus_IsInvalid) {
  v1::TrainRequest request = TinyTraining("m", 1);
  request.clear_corpus();
  ExpectInvalid(request, "corpus", "set one of text, corpus_path and corpus_id");
}

TEST_F(TrainRefusalsTest, BadModelNames_AreInvalid) {
  for (const char* name : {"", "../x", "a:1", "A", "-a", "a/b", "caf\xC3\xA9"}) {
    ExpectInvalid(TinyTraining(name, 1), "model", "");
  }
}

TEST_F(TrainRefusalsTest, OptionsOutOfRange_AreAllListed) {
  v1::TrainRequest request = TinyTraining("m", 1);
  request.mutable_network()->set_hidden_size(5000);
  request.mutable_network()->set_num_layers(9);
  request.mutable_training()->set_learning_rate(std::numeric_limits<float>::quiet_NaN());
  const grpc::Status status = Train(request);
  EXPECT_THAT(FieldsOf(status),
              ElementsAre("network.num_layers", "network.hidden_size", "training.learning_rate"));
  EXPECT_THAT(status.error_message(), HasSubstr("network.hidden_size: is 5000; must be 1 to 4096"));
}

TEST_F(TrainRefusalsTest, NetworkThatDoesNotFitIntoMemory_IsInvalid) {
  v1::TrainRequest request = TinyTraining("m", 1);
  request.mutable_network()->set_hidden_size(4096);
  request.mutable_network()->set_num_layers(8);
  request.mutable_training()->set_batch_size(1024);
  request.mutable_training()->set_sequence_length(2048);
  std::string text;
  while (text.size() < 3'000'000) text += PlainText(1000);
  request.set_text(text);
  ExpectInvalid(request, "network.hidden_size", "MB of memory");
}

TEST_F(TrainRefusalsTest, LongRequestId_IsInvalid) {
  v1::TrainRequest request = TinyTraining("m", 1);
  request.set_request_id(std::string(129, 'x'));
  ExpectInvalid(request, "request_id", "has 129 characters; at most 128");
}

TEST_F(TrainRefusalsTest, RequestId_IsCountedInCharacters) {
  v1::TrainRequest request = TinyTraining("m", 1);
  std::string id;
  for (int i = 0; i < 128; ++i) id += "é";
  request.set_request_id(id + "é");
  ExpectInvalid(request, "request_id", "has 129 characters; at most 128");
  request.set_request_id(id);
  EXPECT_TRUE(Train(request).ok());
}

TEST_F(TrainRefusalsTest, MessageAboveTheLimit_IsResourceExhausted) {
  options_.max_message_bytes = 1 << 16;
  StartServer();
  v1::TrainRequest request = TinyTraining("m", 1);
  request.set_text(std::string((1 << 16) + kMessageSlackBytes + 1, 'x'));
  EXPECT_EQ(Train(request).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  TrainModel("still-alive");
}

TEST_F(TrainRefusalsTest, CorpusPathThatLeadsOut_IsInvalid) {
  testing::WriteFile(folder_ / "secret.txt", PlainText(50));
  std::filesystem::create_symlink(folder_ / "secret.txt", options_.corpus_dir + "/link.txt");
  std::filesystem::create_directory(options_.corpus_dir + "/folder");
  for (const std::string path :
       {"", "../secret.txt", "folder/../../secret.txt", "/etc/passwd", "link.txt", "folder", "."}) {
    const grpc::Status status = TrainOnPath(path);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << path;
    EXPECT_THAT(FieldsOf(status), ElementsAre("corpus_path")) << path;
  }
}

TEST_F(TrainRefusalsTest, MissingCorpusPath_IsNotFound) {
  const grpc::Status status = TrainOnPath("missing.txt");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), StartsWith("corpus_path: there is no file \"missing.txt\""));
}

TEST_F(TrainRefusalsTest, CorpusPathThatIsNotUtf8_IsInvalidAndNamesTheByte) {
  testing::WriteFile(options_.corpus_dir + "/latin1.txt", PlainText(50) + "caf\xE9 ole");
  const grpc::Status status = TrainOnPath("latin1.txt");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("corpus_path"));
}

TEST_F(TrainRefusalsTest, CorpusPathWithoutACorpusFolder_IsFailedPrecondition) {
  options_.corpus_dir.clear();
  StartServer();
  EXPECT_EQ(TrainOnPath("a.txt").error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(TrainRefusalsTest, CorpusThatCannotBeRead_NamesTheFieldAndNotTheServersPath) {
  v1::UploadCorpusResponse uploaded;
  ASSERT_TRUE(Upload({PlainText(20)}, &uploaded).ok());
  std::filesystem::remove(options_.data_dir + "/corpora/" + uploaded.corpus_id() + ".txt");
  v1::TrainRequest request = TinyTraining("m", 1);
  request.set_corpus_id(uploaded.corpus_id());
  EXPECT_EQ(
      Train(request).error_message(),
      "corpus_id: cannot read corpus " + uploaded.corpus_id() + ": No such file or directory");
}

TEST_F(TrainRefusalsTest, UnknownCorpusId_IsNotFoundAndAMalformedOneInvalid) {
  v1::TrainRequest request = TinyTraining("m", 1);
  request.set_corpus_id("0123456789abcdef0123456789abcdef");
  EXPECT_EQ(Train(request).error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_corpus_id("../../etc/passwd");
  ExpectInvalid(request, "corpus_id", "32 digits");
}

}  // namespace
}  // namespace runnel::server
