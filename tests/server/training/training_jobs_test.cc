// The queue of training jobs, without a wire: which jobs wait, which are refused, and how they end.
#include "server/training/training_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/nn/network.h"
#include "server/training/training_job_run.h"
#include "tests/server/server_fixture.h"
#include "tests/testing/allocations.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/without_threads.h"

namespace runnel::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kEndless = 0;  // as a number of steps

class TrainingJobsTest : public ::testing::Test {
 protected:
  void Start(const TrainingJobs::Limits& limits) { jobs_.emplace(models_.get(), limits); }

  static TrainingSpec Spec(const std::string& model, int64_t steps,
                           const std::string& request_id = "") {
    // One for all jobs, because a thousand would take a sanitizer minutes to load.
    static const std::shared_ptr<LoadedCorpus> corpus = [] {
      auto loaded = std::make_shared<LoadedCorpus>();
      loaded->corpus = Corpus::Load(StringSource(PlainText(20)), VocabularyRules()).value();
      return loaded;
    }();
    TrainingSpec spec{.model = model, .request_id = request_id};
    spec.network = {.cell = CellType::kRnnTanh, .num_layers = 1, .hidden_size = 8};
    spec.options.epochs = 0;
    spec.options.max_steps = steps;
    spec.options.sequence_length = 8;
    spec.options.batch_size = 2;
    spec.parameter_count =
        MakeNetwork<float>(spec.network, corpus->corpus.vocabulary().size())->layout().size();
    spec.corpus = corpus;
    return spec;
  }
  std::shared_ptr<TrainingJob> Submit(TrainingSpec spec) {
    auto job = jobs_->Submit(std::move(spec));
    EXPECT_TRUE(job.ok()) << job.status();
    return job.value();
  }
  // A job that trains until it is stopped.
  std::shared_ptr<TrainingJob> StartEndless() {
    auto job = Submit(Spec("endless", kEndless));
    EXPECT_TRUE(Eventually([&] { return job->state() == v1::TRAINING_JOB_STATE_RUNNING; }));
    return job;
  }
  static v1::TrainingJob WaitForEnd(const TrainingJob& job) {
    EXPECT_TRUE(Eventually([&] { return HasEnded(job.state()); }));
    return job.Snapshot();
  }
  std::vector<std::string> ModelsOf(const TrainingJobs::Page& page) {
    std::vector<std::string> models;
    for (const auto& job : page.jobs) models.push_back(job->model());
    return models;
  }

  const testing::TemporaryFolder folder_;
  const std::unique_ptr<ModelStore> models_ = ModelStore::Open(folder_ / "models", {}).value();
  std::optional<TrainingJobs> jobs_;
};

TEST_F(TrainingJobsTest, SubmittedJob_TrainsAndPublishes) {
  Start({.queued_max = 1});
  const v1::TrainingJob ended = WaitForEnd(*Submit(Spec("m", 5)));
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_SUCCEEDED) << ended.error();
  EXPECT_EQ(ended.error(), "");
  EXPECT_EQ(ended.published_version(), 1);
  EXPECT_EQ(ended.progress().step(), 5);
}

TEST_F(TrainingJobsTest, KnownRequestId_IsTheSameJob_ForTheSameModel) {
  Start({.queued_max = 5});
  const auto job = Submit(Spec("m", 5, "once"));
  EXPECT_EQ(Submit(Spec("m", 5, "once")), job);
  EXPECT_EQ(jobs_->FindRequest("once", "m").value(), job);
  EXPECT_EQ(jobs_->FindRequest("never", "m").value(), nullptr);
  const absl::Status other = jobs_->Submit(Spec("other", 5, "once")).status();
  EXPECT_TRUE(absl::IsAlreadyExists(other)) << other;
  EXPECT_THAT(std::string(other.message()), HasSubstr(job->id()));
}

TEST_F(TrainingJobsTest, QueueOfNone_TrainsOneJobAndRefusesTheNext) {
  Start({.queued_max = 0});
  const auto running = StartEndless();
  EXPECT_EQ(jobs_->CheckRoom(), jobs_->Submit(Spec("m", 5)).status());
  EXPECT_EQ(jobs_->CheckRoom(),
            absl::ResourceExhaustedError("the queue of training jobs is full: at most 0 may wait "
                                         "while one trains; try again later"));
  ASSERT_TRUE(jobs_->Cancel(running->id(), /*publish=*/false).ok());
  WaitForEnd(*running);
  EXPECT_EQ(WaitForEnd(*Submit(Spec("m", 5))).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
}

TEST_F(TrainingJobsTest, CancelledQueuedJob_FreesItsPlaceAtOnce) {
  Start({.queued_max = 1});
  StartEndless();
  const auto queued = Submit(Spec("m", 5));
  EXPECT_FALSE(jobs_->CheckRoom().ok());
  ASSERT_TRUE(jobs_->Cancel(queued->id(), /*publish=*/true).ok());
  EXPECT_EQ(queued->state(), v1::TRAINING_JOB_STATE_CANCELLED);
  EXPECT_TRUE(jobs_->CheckRoom().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(jobs_->Cancel(queued->id(), /*publish=*/false).status()));
}

TEST_F(TrainingJobsTest, List_ShowsTheNewestFirst_ByModelAndState) {
  Start({.queued_max = 9});
  StartEndless();
  for (const std::string model : {"a", "b", "a"}) Submit(Spec(model, 5));
  EXPECT_THAT(ModelsOf(jobs_->List({}, 9, "").value()), ElementsAre("a", "b", "a", "endless"));
  EXPECT_THAT(ModelsOf(jobs_->List({.model = "a"}, 9, "").value()), ElementsAre("a", "a"));
  EXPECT_THAT(ModelsOf(jobs_->List({.state = v1::TRAINING_JOB_STATE_RUNNING}, 9, "").value()),
              ElementsAre("endless"));
}

TEST_F(TrainingJobsTest, List_GoesFromPageToPage_WhateverIsSubmittedMeanwhile) {
  Start({.queued_max = 9});
  StartEndless();
  for (const std::string model : {"a", "b", "c"}) Submit(Spec(model, 5));
  const TrainingJobs::Page first = jobs_->List({}, 2, "").value();
  EXPECT_THAT(ModelsOf(first), ElementsAre("c", "b"));
  Submit(Spec("d", 5));
  const TrainingJobs::Page second = jobs_->List({}, 2, first.next_page_token).value();
  EXPECT_THAT(ModelsOf(second), ElementsAre("a", "endless"));
  EXPECT_EQ(second.next_page_token, "");
  for (const std::string token : {"before-", "before-01", "before--1", "after-3", "3"}) {
    EXPECT_EQ(jobs_->List({}, 2, token).status(),
              absl::InvalidArgumentError("is not a token of this list"))
        << token;
  }
}

TEST_F(TrainingJobsTest, OldestEndedJob_IsForgottenWithItsRequestId) {
  Start({.queued_max = 1});
  StartEndless();
  const auto oldest = Submit(Spec("m", 5, "oldest"));
  ASSERT_TRUE(jobs_->Cancel(oldest->id(), /*publish=*/false).ok());
  for (size_t i = 1; i < TrainingJobs::kEndedMax; ++i) {
    ASSERT_TRUE(jobs_->Cancel(Submit(Spec("m", 5))->id(), /*publish=*/false).ok());
  }
  EXPECT_EQ(jobs_->Find(oldest->id()).value(), oldest);
  ASSERT_TRUE(jobs_->Cancel(Submit(Spec("m", 5))->id(), /*publish=*/false).ok());
  EXPECT_TRUE(absl::IsNotFound(jobs_->Find(oldest->id()).status()));
  EXPECT_EQ(jobs_->FindRequest("oldest", "m").value(), nullptr);
}

TEST_F(TrainingJobsTest, Stop_CancelsTheRunningAndTheQueuedJob) {
  Start({.queued_max = 1});
  const auto running = StartEndless();
  const auto queued = Submit(Spec("m", 5));
  jobs_->Stop();
  for (const auto& job : {running, queued}) {
    EXPECT_EQ(job->state(), v1::TRAINING_JOB_STATE_CANCELLED);
    EXPECT_EQ(job->Snapshot().error(), "the server shut down");
  }
  EXPECT_TRUE(absl::IsUnavailable(jobs_->Submit(Spec("m", 5)).status()));
  EXPECT_THAT(models_->List(), IsEmpty());
}

TEST_F(TrainingJobsTest, JobWithoutLimit_PublishesWhenTheServersMaximumIsReached) {
  Start({.queued_max = 1, .job_seconds_max = 1});
  const auto endless = StartEndless();
  const auto next = Submit(Spec("m", 5));
  const v1::TrainingJob ended = WaitForEnd(*endless);
  EXPECT_EQ(ended.state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  EXPECT_EQ(ended.error(), "the server's maximum of 1 seconds for a job ended the training");
  EXPECT_EQ(ended.published_version(), 1);
  EXPECT_TRUE(ended.progress().has_validation_loss());
  const v1::TrainingJob after = WaitForEnd(*next);
  EXPECT_EQ(after.state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
  EXPECT_EQ(after.error(), "");
}

TEST_F(TrainingJobsTest, JobWithoutThreads_FailsWithTheReason) {
  const auto job = std::make_shared<TrainingJob>(Spec("m", 5), 1);
  const int result = testing::RunWithoutThreads([&] {
    RunTrainingJob(job.get(), models_.get(), {.threads = 3});
    const v1::TrainingJob ended = job->Snapshot();
    return ended.state() == v1::TRAINING_JOB_STATE_FAILED && ended.published_version() == 0 &&
                   absl::StrContains(ended.error(), "the system refused to start another thread")
               ? 0
               : 1;
  });
  if (result == testing::kLimitNotAvailable) GTEST_SKIP() << "threads cannot be limited here";
  EXPECT_EQ(result, 0);
}

TEST_F(TrainingJobsTest, JobWithoutMemory_Fails_AndTheNextOneTrains) {
  if (kNoAllocationCounts != nullptr) GTEST_SKIP() << kNoAllocationCounts;
  Start({.threads = 2, .queued_max = 1});
  TrainingSpec large = Spec("large", 5);
  // 64 * 10^12 recurrent weights of 4 bytes are twice the addresses that a process has.
  large.network.hidden_size = 8'000'000;
  const v1::TrainingJob failed = WaitForEnd(*Submit(std::move(large)));
  EXPECT_EQ(failed.state(), v1::TRAINING_JOB_STATE_FAILED);
  EXPECT_THAT(failed.error(), HasSubstr("there is not enough memory for this training"));
  EXPECT_EQ(failed.published_version(), 0);
  EXPECT_EQ(WaitForEnd(*Submit(Spec("m", 5))).state(), v1::TRAINING_JOB_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace runnel::server
