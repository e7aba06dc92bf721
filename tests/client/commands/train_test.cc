#include "tests/client/client_fixture.h"

namespace runnel::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TrainTest : public ClientTest {
 protected:
  TrainTest() {
    fake.generation.train = [this](const v1::TrainRequest& request, v1::TrainResponse* response) {
      request_ = request;
      ++train_calls_;
      response->mutable_job()->CopyFrom(job_);
      return grpc::Status::OK;
    };
    fake.jobs.watch = [this](grpc::ServerContext*, const v1::WatchTrainingJobRequest& request,
                             grpc::ServerWriter<v1::WatchTrainingJobResponse>* writer) {
      watch_request_ = request;
      v1::WatchTrainingJobResponse response;
      response.mutable_progress()->set_step(10);
      response.mutable_progress()->set_validation_loss(1.5);
      writer->Write(response);
      response.Clear();
      *response.mutable_ended_job() = ended_;
      writer->Write(response);
      return grpc::Status::OK;
    };
    job_.set_id("job-7");
    job_.set_model("m");
    job_.set_corpus_chars(5);
    job_.set_vocabulary_size(4);
    job_.set_parameter_count(99);
    ended_ = job_;
    ended_.set_state(v1::TRAINING_JOB_STATE_SUCCEEDED);
    ended_.set_published_version(2);
    ended_.mutable_start_time()->set_seconds(10);
    ended_.mutable_end_time()->set_seconds(12);
  }

  // The stream sends one report, and then the user presses Ctrl-C.
  void InterruptWhileWatching() {
    const auto until_end = fake.jobs.watch;
    fake.jobs.watch = [=, this](grpc::ServerContext* context,
                                const v1::WatchTrainingJobRequest& request,
                                grpc::ServerWriter<v1::WatchTrainingJobResponse>* writer) {
      if (!request.from_start()) return until_end(context, request, writer);
      v1::WatchTrainingJobResponse response;
      response.mutable_progress()->set_step(10);
      writer->Write(response);
      interrupt.Trigger();
      AwaitCancellation(context);
      return grpc::Status::CANCELLED;
    };
    fake.jobs.cancel = [this](const v1::CancelTrainingJobRequest& request,
                              v1::CancelTrainingJobResponse* response) {
      cancel_requests_.push_back(request);
      *response->mutable_job() = job_;  // still in its last step
      ended_.set_state(v1::TRAINING_JOB_STATE_CANCELLED);
      ended_.set_published_version(request.publish() ? 8 : 0);
      return grpc::Status::OK;
    };
  }

  v1::TrainingJob job_;
  v1::TrainingJob ended_;
  v1::TrainRequest request_;
  v1::WatchTrainingJobRequest watch_request_;
  std::vector<v1::CancelTrainingJobRequest> cancel_requests_;
  int train_calls_ = 0;
};

TEST_F(TrainTest, Train_SmallFile_GoesInlineAndShowsTheWholeJob) {
  const std::string path = WriteFile("small.txt", "hello");
  EXPECT_EQ(Run({"train", path, "--model", "m"}), 0);
  EXPECT_EQ(request_.text(), "hello");
  EXPECT_EQ(request_.model(), "m");
  EXPECT_FALSE(request_.wait());
  EXPECT_EQ(watch_request_.id(), "job-7");
  EXPECT_TRUE(watch_request_.from_start());
  EXPECT_EQ(out,
            "5 characters, 4 distinct; 99 parameters\n"
            "step 10  epoch 0.00  loss 0.000  validation 1.500\n"
            "published m:2, validation loss 1.500 nats/char, 2.0 s\n");
  EXPECT_EQ(err, "");
}

TEST_F(TrainTest, Train_StandardInput_IsRead) {
  input = "from a pipe";
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 0);
  EXPECT_EQ(request_.text(), "from a pipe");
}

TEST_F(TrainTest, Train_CorpusPath_IsNamedToTheServer) {
  EXPECT_EQ(Run({"train", "--corpus-path", "books/all.txt", "--model", "m"}), 0);
  EXPECT_EQ(request_.corpus_path(), "books/all.txt");
}

TEST_F(TrainTest, Train_LargeInput_IsUploadedInChunks) {
  input = std::string((33 << 20) + 5, 'x');
  size_t bytes = 0;
  size_t largest = 0;
  fake.jobs.upload = [&](grpc::ServerReader<v1::UploadCorpusRequest>* uploaded,
                         v1::UploadCorpusResponse* response) {
    v1::UploadCorpusRequest chunk;
    while (uploaded->Read(&chunk)) {
      bytes += chunk.chunk().size();
      largest = std::max(largest, chunk.chunk().size());
    }
    response->set_corpus_id("corpus-3");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 0);
  EXPECT_EQ(bytes, input.size());
  EXPECT_EQ(largest, size_t{1} << 20);
  EXPECT_EQ(request_.corpus_id(), "corpus-3");
}

TEST_F(TrainTest, Train_ByteOrderMark_IsLeftOutAndToldOnce) {
  input = "\uFEFFhello";
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 0);
  EXPECT_EQ(request_.text(), "hello");
  EXPECT_EQ(err, "runnel: left out the byte order mark at the start of standard input\n");
  input = "\uFEFF";
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("standard input is empty"));
}

TEST_F(TrainTest, Train_Utf16WithoutAMark_IsRefusedUnlessSymbolsAreBytes) {
  input = std::string("h\0i\0", 4);
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 2);
  EXPECT_EQ(err,
            "runnel: standard input is full of zero bytes; it looks like UTF-16: iconv -f utf-16le "
            "-t utf-8\n");
  EXPECT_EQ(Run({"train", "-", "--model", "m", "--vocabulary", "bytes"}), 0);
  EXPECT_EQ(request_.text(), input);
}

TEST_F(TrainTest, Train_LargeLatin1_IsRefusedBeforeItIsUploaded) {
  input = "caf\xE9 " + std::string(33 << 20, 'x');
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("byte 0xE9 at offset 3; it looks like Latin-1"));
}

TEST_F(TrainTest, Train_LargeInputWithACharacterAcrossTheInlineLimit_IsUploaded) {
  input = std::string(32 << 20, 'x') + "\u00E9 and more";
  std::string uploaded_text;
  fake.jobs.upload = [&](grpc::ServerReader<v1::UploadCorpusRequest>* uploaded,
                         v1::UploadCorpusResponse* response) {
    v1::UploadCorpusRequest chunk;
    while (uploaded->Read(&chunk)) uploaded_text += chunk.chunk();
    response->set_corpus_id("corpus-3");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 0) << err;
  EXPECT_TRUE(uploaded_text == input);
}

TEST_F(TrainTest, Train_UploadRejected_StartsNoJob) {
  input = std::string((33 << 20), 'x');
  fake.jobs.upload = [](grpc::ServerReader<v1::UploadCorpusRequest>*, v1::UploadCorpusResponse*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "not UTF-8 at byte 4");
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 2);
  EXPECT_EQ(err, "runnel: not UTF-8 at byte 4\n");
  EXPECT_EQ(train_calls_, 0);
}

TEST_F(TrainTest, Train_UploadRejectedByField_NamesTheFile) {
  input = std::string((33 << 20), 'x');
  fake.jobs.upload = [](grpc::ServerReader<v1::UploadCorpusRequest>*, v1::UploadCorpusResponse*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "chunk: not valid UTF-8",
                        EncodeBadRequest({{"chunk", "not valid UTF-8"}}));
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 2);
  EXPECT_EQ(err, "runnel: FILE: not valid UTF-8\n");
}

TEST_F(TrainTest, Train_Flags_SetTheirFields) {
  input = "text";
  EXPECT_EQ(Run({"train",
                 "-",
                 "--model",
                 "m",
                 "--recipe",
                 "seed",
                 "--cell",
                 "rnn-relu",
                 "--layers",
                 "2",
                 "--hidden",
                 "64",
                 "--bidirectional",
                 "--vocabulary",
                 "bytes",
                 "--document-separator",
                 "[a,b]",
                 "--epochs",
                 "1.5",
                 "--max-steps",
                 "12345678901",
                 "--steps",
                 "25",
                 "--batch",
                 "8",
                 "--optimizer",
                 "adagrad",
                 "--learning-rate",
                 "1e-1",
                 "--schedule",
                 "cosine",
                 "--clip-value",
                 "5",
                 "--loss-reduction",
                 "sum",
                 "--seed",
                 "18446744073709551615",
                 "--validation-fraction",
                 "0",
                 "--request-id",
                 "r1"}),
            0);
  EXPECT_EQ(request_.training().recipe(), v1::RECIPE_SEED);
  EXPECT_EQ(request_.network().cell_type(), v1::CELL_TYPE_RNN_RELU);
  EXPECT_EQ(request_.network().num_layers(), 2);
  EXPECT_EQ(request_.network().hidden_size(), 64);
  EXPECT_TRUE(request_.network().bidirectional());
  EXPECT_EQ(request_.network().vocabulary(), v1::VOCABULARY_KIND_BYTES);
  EXPECT_EQ(request_.network().document_separator(), "[a,b]");
  EXPECT_FLOAT_EQ(request_.training().epochs(), 1.5);
  EXPECT_EQ(request_.training().max_steps(), 12345678901);
  EXPECT_EQ(request_.training().sequence_length(), 25);
  EXPECT_EQ(request_.training().batch_size(), 8);
  EXPECT_EQ(request_.training().optimizer(), v1::OPTIMIZER_ADAGRAD);
  EXPECT_FLOAT_EQ(request_.training().learning_rate(), 0.1);
  EXPECT_EQ(request_.training().schedule(), v1::LEARNING_RATE_SCHEDULE_COSINE);
  EXPECT_FLOAT_EQ(request_.training().clip_value(), 5);
  EXPECT_EQ(request_.training().loss_reduction(), v1::LOSS_REDUCTION_SUM_OVER_TIME);
  EXPECT_EQ(request_.training().seed(), 18446744073709551615u);
  EXPECT_TRUE(request_.training().has_validation_fraction());
  EXPECT_FALSE(request_.training().has_dropout());
  EXPECT_EQ(request_.request_id(), "r1");
}

TEST_F(TrainTest, Train_FileMissing_ExitsTwoAndNamesTheFile) {
  EXPECT_EQ(Run({"train", "/no/such/file", "--model", "m"}), 2);
  EXPECT_EQ(err, "runnel: cannot read /no/such/file: No such file or directory\n");
}

TEST_F(TrainTest, Train_FileIsADirectory_ExitsTwoAndSaysSo) {
  EXPECT_EQ(Run({"train", ::testing::TempDir(), "--model", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("is a directory"));
}

TEST_F(TrainTest, Train_FileEmpty_ExitsTwoAndSaysSo) {
  EXPECT_EQ(Run({"train", WriteFile("empty.txt", ""), "--model", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("is empty"));
  EXPECT_EQ(train_calls_, 0);
}

TEST_F(TrainTest, Train_FileNotUtf8_ExitsTwoAndSaysWhere) {
  EXPECT_EQ(Run({"train", WriteFile("latin1.txt", "caf\xE9 noir"), "--model", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("is not valid UTF-8: byte 0xE9 at offset 3; it looks like Latin-1"));
}

TEST_F(TrainTest, Train_FileAndCorpusPath_IsBadUsage) {
  EXPECT_EQ(Run({"train", "a.txt", "--corpus-path", "b.txt", "--model", "m"}), 2);
  EXPECT_THAT(err, HasSubstr("--corpus-path"));
}

TEST_F(TrainTest, Train_Detach_PrintsTheIdAlone) {
  input = "text";
  EXPECT_EQ(Run({"train", "-", "--model", "m", "--detach"}), 0);
  EXPECT_EQ(out, "job-7\n");
}

TEST_F(TrainTest, Train_Rejected_NamesTheFlag) {
  input = "text";
  fake.generation.train = [](const v1::TrainRequest&, v1::TrainResponse*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "invalid request",
                        EncodeBadRequest({{"network.hidden_size", "must be 1 to 4096"}}));
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m", "--hidden", "0"}), 2);
  EXPECT_EQ(err, "runnel: invalid request\n  --hidden: must be 1 to 4096\n");
}

TEST_F(TrainTest, Train_JobFails_ExitsOneAndSaysWhy) {
  input = "text";
  ended_.set_state(v1::TRAINING_JOB_STATE_FAILED);
  ended_.set_published_version(0);
  ended_.set_error("loss became NaN");
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 1);
  EXPECT_EQ(err, "runnel: job job-7 failed: loss became NaN\n");
}

TEST_F(TrainTest, Train_JobCancelledElsewhere_Exits130) {
  input = "text";
  ended_.set_state(v1::TRAINING_JOB_STATE_CANCELLED);
  ended_.set_published_version(0);
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 130);
  EXPECT_EQ(err, "runnel: job job-7 was cancelled\n");
}

TEST_F(TrainTest, Train_CorpusUnknownWhileQueued_IsShownWithTheFirstReport) {
  input = "text";
  const v1::TrainingJob running = job_;
  job_.clear_corpus_chars();
  fake.jobs.get = [&](const v1::GetTrainingJobRequest&, v1::GetTrainingJobResponse* response) {
    *response->mutable_job() = running;
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 0);
  EXPECT_THAT(out, StartsWith("5 characters, 4 distinct; 99 parameters\nstep 10"));
}

TEST_F(TrainTest, Train_ConnectionLost_SaysThatTheJobMayGoOnAndHowToLook) {
  input = "text";
  fake.jobs.watch = [](grpc::ServerContext*, const v1::WatchTrainingJobRequest&,
                       grpc::ServerWriter<v1::WatchTrainingJobResponse>*) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed");
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 4);
  EXPECT_THAT(err, AllOf(HasSubstr("(Socket closed)"),
                         HasSubstr("the job may still be running; to see it: "),
                         HasSubstr("runnel --server " + fake.address + " jobs show job-7")));
}

TEST_F(TrainTest, Train_StreamEndsBeforeTheJob_CountsAsLostConnection) {
  input = "text";
  fake.jobs.watch = [](grpc::ServerContext*, const v1::WatchTrainingJobRequest&,
                       grpc::ServerWriter<v1::WatchTrainingJobResponse>*) {
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 4);
  EXPECT_THAT(err, HasSubstr("jobs show job-7"));
}

TEST_F(TrainTest, Train_CtrlC_CancelsTheJobWithoutPublishing) {
  input = "text";
  InterruptWhileWatching();
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 130);
  ASSERT_EQ(cancel_requests_.size(), 1u);
  EXPECT_EQ(cancel_requests_[0].id(), "job-7");
  EXPECT_FALSE(cancel_requests_[0].publish());
  EXPECT_EQ(err, "runnel: interrupted, cancelling job job-7\n");
}

TEST_F(TrainTest, Train_CtrlCWithPublishOnInterrupt_Publishes) {
  input = "text";
  InterruptWhileWatching();
  EXPECT_EQ(Run({"train", "-", "--model", "m", "--publish-on-interrupt"}), 130);
  ASSERT_EQ(cancel_requests_.size(), 1u);
  EXPECT_TRUE(cancel_requests_[0].publish());
  EXPECT_EQ(err, "runnel: interrupted, cancelling job job-7\nrunnel: published m:8\n");
  EXPECT_FALSE(watch_request_.from_start());
}

TEST_F(TrainTest, Train_CtrlCWhileTheJobStarts_StillCancelsIt) {
  input = "text";
  InterruptWhileWatching();
  fake.generation.train = [this](const v1::TrainRequest&, v1::TrainResponse* response) {
    EXPECT_TRUE(interrupt.Trigger());
    *response->mutable_job() = job_;
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"train", "-", "--model", "m", "--detach"}), 130);
  EXPECT_EQ(cancel_requests_.size(), 1u);
}

TEST_F(TrainTest, JobsWatch_CtrlC_LeavesTheJobAlone) {
  InterruptWhileWatching();
  fake.jobs.get = [this](const v1::GetTrainingJobRequest&, v1::GetTrainingJobResponse* response) {
    *response->mutable_job() = job_;
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"jobs", "watch", "job-7"}), 130);
  EXPECT_TRUE(cancel_requests_.empty());
  EXPECT_THAT(err, HasSubstr("the job continues"));
}

TEST_F(TrainTest, Train_ReaderOfOutputLeaves_EndsQuietly) {
  input = "text";
  LeavingReader pipe(10, EPIPE);
  reader = &pipe;
  EXPECT_EQ(Run({"train", "-", "--model", "m"}), 0);
  EXPECT_EQ(err, "");
}

}  // namespace
}  // namespace runnel::client
