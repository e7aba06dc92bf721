// Tests training jobs over the wire: their states, the calls that follow them, and their versions.
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/core/model/model_testing.h"
#include "tests/server/server_fixture.h"
#include "tests/testing/sanitizer.h"

namespace runnel::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TrainingCallsTest : public ServerTest {
 protected:
  bool IsRunning(const std::string& id) {
    return GetJob(id).state() == v1::TRAINING_JOB_STATE_RUNNING;
  }
  v1::TrainingJob StartEndless(const std::string& model) {
    const v1::TrainingJob job = MustTrain(EndlessTraining(model), /*wait=*/false);
    EXPECT_TRUE(Eventually([&] { return IsRunning(job.id()); }));
    return job;
  }
  grpc::Status List(const v1::ListTrainingJobsRequest& request,
                    v1::ListTrainingJobsResponse* response) {
    grpc::ClientContext context;
    return jobs_->ListTrainingJobs(&context, request, response);
  }
  grpc::Status GetModel(const std::string& name, v1::Model* model) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_name(name);
    v1::GetModelResponse response;
    const grpc::Status status = models_->GetModel(&context, request, &response);
    *model = response.model();
    return status;
  }
};

TEST_F(TrainingCallsTest, JobWithoutALimit_EndsAtTheServersMaximum_AndIsPublished) {
  options_.max_job_seconds = 1;
  StartServer();
  const v1::TrainingJob job = MustTrain(EndlessTraining("m"), /*wait=*/true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  EXPECT_EQ(job.published_version(), 1);
  EXPECT_EQ(job.error(), "the server's maximum of 1 seconds for a job ended the training");
}

TEST_F(TrainingCallsTest, Train_WithWait_AnswersWithTheEndedJob) {
  const v1::TrainingJob job = MustTrain(TinyTraining("m", 5), /*wait=*/true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  EXPECT_EQ(job.published_version(), 1);
  EXPECT_EQ(job.model(), "m");
  EXPECT_EQ(job.progress().step(), 5);
  EXPECT_EQ(job.corpus_chars(), static_cast<int64_t>(PlainText(20).size()));
  EXPECT_EQ(job.vocabulary_size(), 28);
  // The input, recurrent and output weights, and two biases.
  EXPECT_EQ(job.parameter_count(), 28 * 8 + 8 * 8 + 8 + 8 * 28 + 28);
  EXPECT_EQ(job.training().seed(), 7u);
  EXPECT_EQ(job.training().max_steps(), 5);
  EXPECT_TRUE(job.training().has_clip_norm());
  EXPECT_EQ(job.network().cell_type(), v1::CELL_TYPE_RNN_TANH);
  EXPECT_TRUE(job.has_create_time() && job.has_start_time() && job.has_end_time());
}

TEST_F(TrainingCallsTest, Train_WithoutWait_AnswersAtOnce) {
  const v1::TrainingJob job = MustTrain(EndlessTraining("m"), /*wait=*/false);
  EXPECT_FALSE(HasEnded(job.state()));
  EXPECT_FALSE(job.has_end_time());
}

TEST_F(TrainingCallsTest, AbsentSeed_IsDrawnAndTold) {
  v1::TrainRequest request = TinyTraining("m", 1);
  request.mutable_training()->clear_seed();
  const uint64_t seed = MustTrain(request, /*wait=*/true).training().seed();
  EXPECT_NE(seed, MustTrain(request, /*wait=*/true).training().seed());
}

TEST_F(TrainingCallsTest, AbsentSequenceLength_SuitsAShortText) {
  v1::TrainRequest request = TinyTraining("m", 2);
  request.mutable_training()->set_recipe(v1::RECIPE_BEST);
  EXPECT_EQ(MustTrain(request, /*wait=*/true).training().sequence_length(), 8);
  request.mutable_training()->clear_sequence_length();
  EXPECT_EQ(MustTrain(request, /*wait=*/true).training().sequence_length(), 16);
  request.mutable_training()->set_recipe(v1::RECIPE_FAST);
  EXPECT_EQ(MustTrain(request, /*wait=*/true).training().sequence_length(), 32);
  request.mutable_training()->set_recipe(v1::RECIPE_BEST);
  request.mutable_network()->set_bidirectional(true);  // trains on windows
  EXPECT_EQ(MustTrain(request, /*wait=*/true).training().sequence_length(), 64);
}

TEST_F(TrainingCallsTest, AbsentBatchSize_FitsAShortText) {
  v1::TrainRequest request = TinyTraining("m", 2);
  request.mutable_training()->clear_batch_size();
  request.set_text("abcabcabcabcabc");
  const v1::TrainingJob job = MustTrain(request, /*wait=*/true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << job.error();
  EXPECT_EQ(job.training().batch_size(), 1);
}

TEST_F(TrainingCallsTest, CorpusPath_IsTrainedOn) {
  std::filesystem::create_directory(options_.corpus_dir + "/books");
  testing::WriteFile(options_.corpus_dir + "/books/plain.txt", PlainText(20));
  v1::TrainRequest request = TinyTraining("m", 2);
  request.set_corpus_path("books/plain.txt");
  EXPECT_EQ(MustTrain(request, /*wait=*/true).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
}

TEST_F(TrainingCallsTest, UnknownJob_IsNotFoundEverywhere) {
  grpc::ClientContext get_context;
  v1::GetTrainingJobRequest get;
  get.set_id("nobody");
  v1::GetTrainingJobResponse got;
  EXPECT_EQ(jobs_->GetTrainingJob(&get_context, get, &got).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(CancelJob("nobody").error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext watch_context;
  v1::WatchTrainingJobRequest watch;
  watch.set_id("nobody");
  v1::WatchTrainingJobResponse message;
  const auto reader = jobs_->WatchTrainingJob(&watch_context, watch);
  EXPECT_FALSE(reader->Read(&message));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(TrainingCallsTest, Cancel_WithoutPublish_EndsTheJobWithoutAVersion) {
  const v1::TrainingJob job = StartEndless("m");
  ASSERT_TRUE(CancelJob(job.id()).ok());
  const v1::TrainingJob ended = WaitForEnd(job.id());
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_CANCELLED);
  EXPECT_EQ(ended.published_version(), 0);
  EXPECT_EQ(ended.error(), "");
  v1::Model model;
  EXPECT_EQ(GetModel("m", &model).error_code(), grpc::StatusCode::NOT_FOUND);
}

// Measures the first step. The cancel or the drain then comes just after the second step has begun,
// and must not wait for its end.
class LongStepTest : public TrainingCallsTest {
 protected:
  // Steps take at least this long.
  static constexpr std::chrono::seconds kStepMin{3};

  static v1::TrainRequest Training(int batch_size) {
    v1::TrainRequest request = EndlessTraining("m");
    request.mutable_network()->set_cell_type(v1::CELL_TYPE_LSTM);
    request.mutable_network()->set_num_layers(2);
    request.mutable_network()->set_hidden_size(384);
    request.mutable_training()->set_batch_size(batch_size);
    request.mutable_training()->set_sequence_length(128);
    request.set_text(PlainText(12'000));
    return request;
  }
  // Begins a training and returns when its second step has begun. Sets the time of the first.
  void BeginSecondStep(int batch_size) {
    job_ = MustTrain(Training(batch_size), /*wait=*/false).id();
    ASSERT_TRUE(Eventually([&] { return IsRunning(job_); }));
    const Clock::time_point began = Clock::now();
    while (GetJob(job_).progress().step() == 0) {
      ASSERT_LT(Clock::now() - began, std::chrono::minutes(5));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    step_ = Clock::now() - began;
  }
  // The same, with a batch so large that a step takes kStepMin.
  void BeginLongStep() {
    int batch_size = kSanitizer ? 4 : 256;  // there a step takes many times as long
    BeginSecondStep(batch_size);
    while (step_ < kStepMin && !HasFatalFailure()) {
      ASSERT_TRUE(CancelJob(job_).ok());
      WaitForEnd(job_);
      batch_size *= 2;
      if (batch_size > 1024) GTEST_SKIP() << "steps are too short here";
      BeginSecondStep(batch_size);
    }
  }

  using Clock = std::chrono::steady_clock;
  // Much less than a step: a second, or more where a busy machine makes steps take very long.
  Clock::duration Soon() const {
    const Clock::duration soon = std::max<Clock::duration>(std::chrono::seconds(1), step_ / 8);
    return kSanitizer ? step_ / 2 : std::min<Clock::duration>(step_ / 2, soon);
  }

  std::string job_;
  Clock::duration step_{};
};

TEST_F(LongStepTest, Cancel_EndsTheJobSoon) {
  BeginLongStep();
  if (IsSkipped() || HasFatalFailure()) return;
  const Clock::time_point cancelled = Clock::now();
  ASSERT_TRUE(CancelJob(job_).ok());
  EXPECT_EQ(WaitForEnd(job_).state(), v1::TRAINING_JOB_STATE_CANCELLED);
  EXPECT_LT(Clock::now() - cancelled, Soon());
}

TEST_F(LongStepTest, Drain_DoesNotWaitForTheStep) {
  BeginLongStep();
  if (IsSkipped() || HasFatalFailure()) return;
  const Clock::time_point began = Clock::now();
  server_->Drain();
  EXPECT_LT(Clock::now() - began, Soon());
}

TEST_F(TrainingCallsTest, Cancel_WithPublish_PublishesWhatWasLearned) {
  const v1::TrainingJob job = StartEndless("m");
  ASSERT_TRUE(Eventually([&] { return GetJob(job.id()).progress().step() > 0; }));
  ASSERT_TRUE(CancelJob(job.id(), /*publish=*/true).ok());
  const v1::TrainingJob ended = WaitForEnd(job.id());
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_CANCELLED);
  EXPECT_EQ(ended.published_version(), 1);
  v1::Model model;
  ASSERT_TRUE(GetModel("m", &model).ok());
  EXPECT_EQ(model.versions(0).training_job(), job.id());
}

TEST_F(TrainingCallsTest, Cancel_OfAQueuedJob_EndsItAtOnceAndFreesItsPlace) {
  options_.max_queued_jobs = 1;
  StartServer();
  StartEndless("first");
  const v1::TrainingJob second = MustTrain(EndlessTraining("second"), /*wait=*/false);
  ASSERT_TRUE(CancelJob(second.id(), /*publish=*/true).ok());
  const v1::TrainingJob ended = GetJob(second.id());
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_CANCELLED);
  EXPECT_EQ(ended.published_version(), 0);
  EXPECT_FALSE(ended.has_start_time());
  MustTrain(EndlessTraining("third"), /*wait=*/false);
}

TEST_F(TrainingCallsTest, Cancel_OfAnEndedJob_IsFailedPreconditionAndNamesTheState) {
  const v1::TrainingJob job = MustTrain(TinyTraining("m", 1), /*wait=*/true);
  const grpc::Status status = CancelJob(job.id());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("TRAINING_JOB_STATE_SUCCEEDED"));
}

TEST_F(TrainingCallsTest, FullQueue_IsResourceExhausted) {
  options_.max_queued_jobs = 1;
  StartServer();
  StartEndless("first");
  MustTrain(EndlessTraining("second"), /*wait=*/false);
  EXPECT_EQ(Train(EndlessTraining("third")).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(TrainingCallsTest, FullQueue_IsToldBeforeACorpusIsReadAndNamesTheBound) {
  options_.max_queued_jobs = 0;
  StartServer();
  StartEndless("first");
  v1::TrainRequest request = TinyTraining("second", 1);
  request.set_corpus_path("missing.txt");
  const grpc::Status status = Train(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(),
            "the queue of training jobs is full: at most 0 may wait while one trains; try again "
            "later");
}

TEST_F(TrainingCallsTest, FullDisk_DelaysThePublishUntilThereIsRoom) {
  v1::TrainingJob job;
  {
    const FullDisk full(500);
    job = MustTrain(TinyTraining("m", 5), /*wait=*/false);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // lets the job try
    EXPECT_EQ(GetJob(job.id()).state(), v1::TRAINING_JOB_STATE_RUNNING);
  }
  const v1::TrainingJob ended = WaitForEnd(job.id());
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << ended.error();
  EXPECT_EQ(ended.published_version(), 1);
}

TEST_F(TrainingCallsTest, Cancel_OfAJobThatWaitsForRoom_EndsIt) {
  const FullDisk full(500);
  const v1::TrainingJob job = MustTrain(TinyTraining("m", 5), /*wait=*/false);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // lets the job try
  ASSERT_TRUE(CancelJob(job.id()).ok());
  const v1::TrainingJob ended = WaitForEnd(job.id());
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_CANCELLED);
  EXPECT_EQ(ended.published_version(), 0);
  EXPECT_THAT(ended.error(), HasSubstr("cannot write"));
}

TEST_F(TrainingCallsTest, QueuedJobs_TrainInTheirOrder) {
  const v1::TrainingJob first = StartEndless("m");
  const v1::TrainingJob second = MustTrain(TinyTraining("m", 2), /*wait=*/false);
  const v1::TrainingJob third = MustTrain(TinyTraining("m", 2), /*wait=*/false);
  EXPECT_EQ(GetJob(second.id()).state(), v1::TRAINING_JOB_STATE_QUEUED);
  ASSERT_TRUE(CancelJob(first.id()).ok());
  EXPECT_EQ(WaitForEnd(second.id()).published_version(), 1);
  EXPECT_EQ(WaitForEnd(third.id()).published_version(), 2);
}

TEST_F(TrainingCallsTest, SameRequestId_GivesTheSameJob) {
  v1::TrainRequest request = TinyTraining("m", 2);
  request.set_request_id("again");
  const v1::TrainingJob first = MustTrain(request, /*wait=*/true);
  const v1::TrainingJob second = MustTrain(request, /*wait=*/true);
  EXPECT_EQ(first.id(), second.id());
  request.set_model("other");
  EXPECT_EQ(Train(request).error_code(), grpc::StatusCode::ALREADY_EXISTS);
}

TEST_F(TrainingCallsTest, CallerThatGoes_LeavesTheJobAlone) {
  v1::TrainRequest request = EndlessTraining("m");
  request.set_wait(true);
  grpc::ClientContext context;
  v1::TrainResponse response;
  std::thread caller([&] {
    EXPECT_EQ(generation_->Train(&context, request, &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  v1::ListTrainingJobsResponse jobs;
  ASSERT_TRUE(Eventually([&] {
    return List(v1::ListTrainingJobsRequest(), &jobs).ok() && jobs.jobs_size() == 1 &&
           jobs.jobs(0).progress().step() > 0;
  }));
  context.TryCancel();
  caller.join();
  const int64_t step = GetJob(jobs.jobs(0).id()).progress().step();
  EXPECT_TRUE(Eventually([&] { return GetJob(jobs.jobs(0).id()).progress().step() > step; }));
  EXPECT_TRUE(IsRunning(jobs.jobs(0).id()));
}

TEST_F(TrainingCallsTest, DivergedTraining_FailsWithAReason) {
  v1::TrainRequest request = EndlessTraining("m");
  request.mutable_network()->set_cell_type(v1::CELL_TYPE_RNN_RELU);
  request.mutable_training()->set_learning_rate(100);
  request.mutable_training()->set_clip_norm(0);
  request.mutable_training()->set_warmup_steps(0);
  request.mutable_training()->set_schedule(v1::LEARNING_RATE_SCHEDULE_CONSTANT);
  const v1::TrainingJob job = MustTrain(request, /*wait=*/true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_FAILED);
  EXPECT_THAT(job.error(), HasSubstr("diverged"));
  EXPECT_EQ(job.published_version(), 0);
  TrainModel("still-alive");
}

TEST_F(TrainingCallsTest, FailedPublish_FailsTheJobAndTheServerLives) {
  testing::WriteFile(options_.data_dir + "/models/m", "a file where a folder should be");
  const v1::TrainingJob job = MustTrain(TinyTraining("m", 2), /*wait=*/true);
  EXPECT_EQ(job.state(), v1::TRAINING_JOB_STATE_FAILED);
  EXPECT_THAT(job.error(), Not(IsEmpty()));
  TrainModel("still-alive");
}

TEST_F(TrainingCallsTest, List_IsNewestFirstInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(MustTrain(TinyTraining(i % 2 == 0 ? "even" : "odd", 1), true).id());
  }
  v1::ListTrainingJobsRequest request;
  request.set_page_size(2);
  std::vector<std::string> listed;
  v1::ListTrainingJobsResponse response;
  do {
    response.Clear();
    ASSERT_TRUE(List(request, &response).ok());
    EXPECT_LE(response.jobs_size(), 2);
    for (const auto& job : response.jobs()) listed.push_back(job.id());
    request.set_page_token(response.next_page_token());
  } while (!response.next_page_token().empty());
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(listed, ids);

  request.Clear();
  request.set_model("odd");
  request.set_state(v1::TRAINING_JOB_STATE_SUCCEEDED);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.jobs_size(), 2);
  request.set_state(v1::TRAINING_JOB_STATE_FAILED);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.jobs_size(), 0);
}

TEST_F(TrainingCallsTest, List_WithBadPaging_IsInvalid) {
  v1::ListTrainingJobsResponse response;
  for (const int size : {-1, 501}) {
    v1::ListTrainingJobsRequest request;
    request.set_page_size(size);
    EXPECT_THAT(FieldsOf(List(request, &response)), ::testing::ElementsAre("page_size"));
  }
  for (const char* token : {"x", "before-", "before-x", "before--1", "before-01"}) {
    v1::ListTrainingJobsRequest request;
    request.set_page_token(token);
    EXPECT_THAT(FieldsOf(List(request, &response)), ::testing::ElementsAre("page_token")) << token;
  }
}

TEST_F(TrainingCallsTest, SameSeedAndRequest_GiveTheSameModel) {
  TrainModel("a");
  TrainModel("b");
  v1::Model a;
  v1::Model b;
  ASSERT_TRUE(GetModel("a", &a).ok());
  ASSERT_TRUE(GetModel("b", &b).ok());
  EXPECT_EQ(a.versions(0).validation_loss(), b.versions(0).validation_loss());
}

TEST_F(TrainingCallsTest, PublishedVersion_TellsHowItWasTrained) {
  const v1::TrainingJob job = MustTrain(TinyTraining("m", 5), /*wait=*/true);
  StartServer();  // reads the version from its file
  v1::Model model;
  ASSERT_TRUE(GetModel("m", &model).ok());
  ASSERT_EQ(model.versions_size(), 1);
  const v1::ModelVersion& version = model.versions(0);
  using google::protobuf::util::MessageDifferencer;
  EXPECT_TRUE(MessageDifferencer::Equals(version.training(), job.training()));
  EXPECT_TRUE(MessageDifferencer::Equals(version.network(), job.network()));
  EXPECT_EQ(version.training_job(), job.id());
  EXPECT_EQ(version.parameter_count(), job.parameter_count());
  EXPECT_EQ(version.vocabulary_size(), job.vocabulary_size());
  EXPECT_EQ(version.chars_trained(), 5 * 2 * 8);
  EXPECT_TRUE(version.has_validation_loss());
  EXPECT_GT(version.file_bytes(), 0);
}

}  // namespace
}  // namespace runnel::server
